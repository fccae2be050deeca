// POST /v1/chat/completions: a message to an agent, in OpenAI's format or a shorter one, answered
// as one document or as a stream. What a client of OpenAI's calls when its base URL is .../v1.
//
// A conversation is kept as for every other message: with `conversation_id` (of the answer before,
// at the top or in `metadata`) it goes on; without, the earlier messages of the request are what
// the agent is told of before, and a new conversation begins.
#include "functions/shared/chat/completion_reply.h"
#include "functions/shared/chat/post_completion.h"
#include "functions/shared/conversation/answer_reply.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::chat::chat_completions {
using namespace chatpad::edge;

std::optional<std::string> message_id(const Call& call) {
  const std::string_view key = call.header("idempotency-key").substr(0, 200);
  return key.empty() ? std::nullopt : std::optional<std::string>(key);
}

Task<Reply> handle(Call call) {
  CompletionRequest request = call.json<CompletionRequest>();
  std::optional<std::string> client_message_id = message_id(call);
  const bool as_events = request.stream && request.format != CompletionFormat::openai;
  if (as_events) resume_position(call.header("last-event-id"), client_message_id.has_value());
  PostedMessage posted = co_await post_completion(call, &request, std::move(client_message_id));
  std::string model = request.model.empty() ? posted.assignment.agent_id : request.model;
  const UsageChunk usage = request.include_usage ? UsageChunk::yes : UsageChunk::no;
  Reply reply;
  if (!request.stream) {
    reply = co_await whole_completion(call, std::move(posted), std::move(model));
  } else if (as_events) {
    reply = co_await stream_answer(call, std::move(posted));
  } else {
    reply = co_await stream_completion(call, std::move(posted), std::move(model), usage);
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.path = "/v1/chat/completions",
          .auth = Auth::api_key,
          .body_bytes_max = 1_MiB,
          .rate = per_caller(60, 10),
          .deadline_ms = 120'000,
          .summary = "A message to an agent, as OpenAI's clients send it",
          .handle = handle};
}

}  // namespace chatpad::functions::chat::chat_completions

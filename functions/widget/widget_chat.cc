// POST /functions/v1/widget-chat: a visitor (or an API client) says something and is answered, as
// one JSON document or, with "stream": true, as server-sent events.
//
// The visitor's message is committed before anything is asked of a model. A retry with the same
// clientMessageId is the same message and gets the same answer.
#include "functions/shared/conversation/answer_reply.h"
#include "functions/shared/conversation/posted_message.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::widget::widget_chat {
using namespace chatpad::edge;

constexpr size_t kMessageCharsMax = 8000;
constexpr int kHistoryMessages = 10;

struct Input {
  Uuid agent_id;
  std::optional<Uuid> conversation_id;
  std::string message;
  std::optional<std::string> client_message_id;
  std::string metadata;
  bool stream;
  static Input read(const wire::Fields& f) {
    Input in;
    in.agent_id = f.uuid("agentId");
    in.conversation_id = f.optional_uuid("conversationId");
    in.message = f.string("message", 1, kMessageCharsMax);
    in.client_message_id = f.optional_string("clientMessageId", 200);
    in.metadata = f.optional_object_text("metadata", 8_KiB).value_or("{}");
    in.stream = f.boolean("stream", false);
    return in;
  }
};

constexpr pg::Statement kPost{"post_visitor_message",
                              "select api.post_visitor_message($1, $2, $3, $4, $5, $6)"};

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  if (!input.client_message_id && !call.header("idempotency-key").empty()) {
    input.client_message_id = std::string(call.header("idempotency-key").substr(0, 200));
  }
  pg::Params params(input.agent_id, input.conversation_id, input.message, input.client_message_id,
                    input.metadata, kHistoryMessages);
  std::string document = co_await call.db().json(kPost, std::move(params));
  PostedMessage posted = read_posted_message(document, std::move(input.message)).or_raise();
  Reply reply;
  if (input.stream) {
    reply = co_await stream_answer(call, std::move(posted));
  } else {
    reply = co_await whole_answer(call, std::move(posted));
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.auth = Auth::visitor | Auth::api_key,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(30, 10),
          .deadline_ms = 120'000,
          .summary = "Say something as a visitor and be answered, as JSON or as a stream",
          .handle = handle};
}

}  // namespace chatpad::functions::widget::widget_chat

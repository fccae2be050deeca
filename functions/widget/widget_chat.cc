// POST /functions/v1/widget-chat: a visitor (or an API client) says something and is answered, as
// one JSON document or, with "stream": true, as server-sent events.
//
// The visitor's message is committed before anything is asked of a model. A retry with the same
// clientMessageId is the same message and gets the same answer.
#include "functions/shared/conversation/answer_reply.h"
#include "functions/shared/conversation/post_message.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::widget::widget_chat {
using namespace chatpad::edge;

constexpr size_t kMessageCharsMax = 8000;
constexpr int kHistoryMessages = 40;

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

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  if (!input.client_message_id && !call.header("idempotency-key").empty()) {
    input.client_message_id = std::string(call.header("idempotency-key").substr(0, 200));
  }
  if (input.stream) {
    resume_position(call.header("last-event-id"), input.client_message_id.has_value());
  }
  VisitorMessage message(VisitorMessage::To::agent, input.agent_id.str());
  message.conversation_id = input.conversation_id;
  message.content = std::move(input.message);
  message.client_message_id = std::move(input.client_message_id);
  message.metadata = std::move(input.metadata);
  message.history = kHistoryMessages;
  PostedMessage posted = co_await post_message(call, std::move(message));
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

// POST /api/chatbot-widget/chat: says something in a session and is answered, with the metrics of
// the conversation. The same core as widget-chat.
#include "functions/shared/conversation/answer_reply.h"
#include "functions/shared/conversation/post_message.h"
#include "functions/shared/conversation/session_reply.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::chatbot_widget::chat {
using namespace chatpad::edge;

constexpr size_t kMessageCharsMax = 8000;
constexpr int kHistoryMessages = 10;

struct Input {
  std::string message;
  Uuid session_id;
  std::string client_info;
  static Input read(const wire::Fields& f) {
    return {f.string("message", 1, kMessageCharsMax), f.uuid("sessionId"),
            f.optional_object_text("clientInfo", 4_KiB).value_or("{}")};
  }
};

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  std::optional<std::string> retry;
  if (!call.header("idempotency-key").empty()) {
    retry = std::string(call.header("idempotency-key").substr(0, 200));
  }
  VisitorMessage message(VisitorMessage::To::session, input.session_id.str());
  message.content = std::move(input.message);
  message.client_message_id = std::move(retry);
  message.metadata = std::move(input.client_info);
  message.history = kHistoryMessages;
  PostedMessage posted = co_await post_message(call, std::move(message));
  const Reply answered = co_await whole_answer(call, std::move(posted));
  std::string body = co_await session_reply(call, input.session_id, answered.body);
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/api/chatbot-widget/chat",
          .auth = Auth::visitor | Auth::api_key,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(30, 10),
          .deadline_ms = 120'000,
          .summary = "Say something in a session and be answered",
          .handle = handle};
}

}  // namespace chatpad::functions::chatbot_widget::chat

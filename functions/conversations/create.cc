// POST /v1/conversations: begins a conversation, for an API key or a person of the account. With a
// message it is answered as by widget-chat, through the same core; that is for API keys, since
// people write as themselves, in a conversation they have taken over.
#include "functions/shared/conversation/answer_reply.h"
#include "functions/shared/conversation/post_message.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::conversations::create {
using namespace chatpad::edge;

constexpr size_t kMessageCharsMax = 8000;

struct Input {
  Uuid agent_id;
  std::optional<Uuid> visitor_id;
  std::optional<std::string> message;
  std::string metadata;
  static Input read(const wire::Fields& f) {
    Input in;
    in.agent_id = f.uuid("agent_id");
    in.visitor_id = f.optional_uuid("visitor_id");
    if (f.has("message")) in.message = f.string("message", 1, kMessageCharsMax);
    in.metadata = f.optional_object_text("metadata", 8_KiB).value_or("{}");
    return in;
  }
};

constexpr pg::Statement kCreate{"create_conversation",
                                "select api.create_conversation($1, $2, $3)"};
constexpr pg::Statement kStarted{"started_conversation", "select api.started_conversation($1)"};

VisitorMessage first_message(const Call& call, Input input) {
  VisitorMessage message(VisitorMessage::To::agent, input.agent_id.str());
  message.visitor_id = input.visitor_id;
  message.content = std::move(*input.message);
  message.metadata = std::move(input.metadata);
  const std::string_view retry = call.header("idempotency-key").substr(0, 200);
  if (!retry.empty()) message.client_message_id = std::string(retry);
  return message;
}

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  std::string body;
  if (!input.message) {
    pg::Params params(input.agent_id, input.visitor_id, input.metadata);
    body = co_await call.db().json(kCreate, std::move(params));
    co_return created(std::move(body));
  }
  if (call.caller().kind != CallerKind::api_key) {
    wire::refuse_field("message", "must be left out by people, who write with send-human-message");
  }
  VisitorMessage message = first_message(call, std::move(input));
  PostedMessage posted = co_await post_message(call, std::move(message));
  const std::string id = posted.conversation_id;
  co_await whole_answer(call, std::move(posted));
  body = co_await call.db().json(kStarted, pg::Params(id));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/v1/conversations",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(30, 10),
          .deadline_ms = 120'000,
          .summary = "Begin a conversation",
          .handle = handle};
}

}  // namespace chatpad::functions::conversations::create

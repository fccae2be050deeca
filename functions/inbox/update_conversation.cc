// POST /functions/v1/update-conversation: a person closes a conversation or opens it again. Closing
// ends a takeover.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::inbox::update_conversation {
using namespace chatpad::edge;

struct Input {
  Uuid conversation_id;
  std::string status;
  static Input read(const wire::Fields& f) {
    return {f.uuid("conversationId"), f.choice("status", {"closed", "active"})};
  }
};

constexpr pg::Statement kStatement{"update_conversation", "select api.update_conversation($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.conversation_id, input.status);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Close a conversation or open it again",
          .handle = handle};
}

}  // namespace chatpad::functions::inbox::update_conversation

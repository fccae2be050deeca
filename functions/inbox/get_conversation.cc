// POST /functions/v1/get-conversation: one conversation with its lead and the answer that is being
// written right now.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::inbox::get_conversation {
using namespace chatpad::edge;

struct Input {
  Uuid conversation_id;
  static Input read(const wire::Fields& f) { return {f.uuid("conversationId")}; }
};

constexpr pg::Statement kStatement{"get_conversation", "select api.get_conversation($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.conversation_id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "One conversation with its lead and the answer being written",
          .handle = handle};
}

}  // namespace chatpad::functions::inbox::get_conversation

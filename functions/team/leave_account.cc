// POST /functions/v1/leave-account: the person leaves an account; its last owner cannot.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::leave_account {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"leave_account", "select api.leave_account($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Leave an account",
          .handle = handle};
}

}  // namespace chatpad::functions::team::leave_account

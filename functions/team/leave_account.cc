// POST /functions/v1/leave-account: the person leaves an account; its last owner cannot.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::leave_account {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"leave_account", "select api.leave_account($1, $2)"};

Task<Reply> handle(Call call) { return act_by_id(call, "accountId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Leave an account",
          .handle = handle};
}

}  // namespace chatpad::functions::team::leave_account

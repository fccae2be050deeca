// POST /functions/v1/change-member-role: gives a member another role. Only owners make owners, or
// stop them being one, and an account keeps at least one.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::change_member_role {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  Uuid member_id;
  std::string role;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.uuid("memberId"),
            f.choice("role", {"owner", "admin", "manager", "member", "client"})};
  }
};

constexpr pg::Statement kStatement{"set_member_role", "select api.set_member_role($1, $2, $3, $4)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.member_id, input.role, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Give a member of an account another role",
          .handle = handle};
}

}  // namespace chatpad::functions::team::change_member_role

// POST /functions/v1/remove-team-member: a member loses the account, open sockets included.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::remove_team_member {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  Uuid member_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId"), f.uuid("memberId")}; }
};

constexpr pg::Statement kStatement{"remove_team_member",
                                   "select api.remove_team_member($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.member_id, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Take a member out of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::team::remove_team_member

// POST /functions/v1/list-team-members: who works in an account, and who is invited to.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::list_team_members {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"list_team_members", "select api.list_team_members($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  std::string body = co_await call.db().json(kStatement, pg::Params(input.account_id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The members of an account, and its open invitations",
          .handle = handle};
}

}  // namespace chatpad::functions::team::list_team_members

// POST /functions/v1/revoke-team-invitation: an invitation's link stops working.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::revoke_team_invitation {
using namespace chatpad::edge;

struct Input {
  Uuid invitation_id;
  static Input read(const wire::Fields& f) { return {f.uuid("invitationId")}; }
};

constexpr pg::Statement kStatement{"revoke_team_invitation",
                                   "select api.revoke_team_invitation($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.invitation_id, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Take an invitation back",
          .handle = handle};
}

}  // namespace chatpad::functions::team::revoke_team_invitation

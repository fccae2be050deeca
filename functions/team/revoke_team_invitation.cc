// POST /functions/v1/revoke-team-invitation: an invitation's link stops working.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::revoke_team_invitation {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"revoke_team_invitation",
                                   "select api.revoke_team_invitation($1, $2)"};

Task<Reply> handle(Call call) { return act_by_id(call, "invitationId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Take an invitation back",
          .handle = handle};
}

}  // namespace chatpad::functions::team::revoke_team_invitation

// POST /functions/v1/list-team-members: who works in an account, and who is invited to.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::list_team_members {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_team_members", "select api.list_team_members($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "accountId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The members of an account, and its open invitations",
          .handle = handle};
}

}  // namespace chatpad::functions::team::list_team_members

// POST /functions/v1/accept-team-invitation: the invited person becomes a member.
#include "functions/shared/team/invitation.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::accept_team_invitation {
using namespace chatpad::edge;

struct Input {
  std::string token;
  static Input read(const wire::Fields& f) { return {f.string("token", 1, kInvitationCharsMax)}; }
};

constexpr pg::Statement kStatement{"accept_team_invitation",
                                   "select api.accept_team_invitation($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const InvitationLink link = read_invitation(input.token);
  pg::Params params(link.token_hash, link.proof_hash, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "Join the account of an invitation",
          .handle = handle};
}

}  // namespace chatpad::functions::team::accept_team_invitation

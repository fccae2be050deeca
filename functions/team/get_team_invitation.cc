// POST /functions/v1/get-team-invitation: what an invitation's link is about.
#include "functions/shared/team/invitation.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::get_team_invitation {
using namespace chatpad::edge;

struct Input {
  std::string token;
  static Input read(const wire::Fields& f) { return {f.string("token", 1, kInvitationCharsMax)}; }
};

constexpr pg::Statement kStatement{"get_team_invitation", "select api.get_team_invitation($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const InvitationLink link = read_invitation(input.token);
  std::string body = co_await call.db().json(kStatement, pg::Params(link.token_hash));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::anyone,
          .body_bytes_max = 4_KiB,
          .rate = per_address(60, 60),
          .summary = "What an invitation is about, for whoever holds its link",
          .handle = handle};
}

}  // namespace chatpad::functions::team::get_team_invitation

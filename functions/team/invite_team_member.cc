// POST /functions/v1/invite-team-member: invites an address into an account. The answer holds the
// link; whoever opens it must be signed in with that address.
#include "functions/shared/team/secret.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::team::invite_team_member {
using namespace chatpad::edge;

constexpr int kInvitationValidS = 7 * 24 * 3600;

struct Input {
  Uuid account_id;
  std::string email;
  std::string role;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.email("email"),
            f.choice("role", {"owner", "admin", "manager", "member", "client"})};
  }
};

constexpr pg::Statement kStatement{"invite_team_member",
                                   "select api.invite_team_member($1, $2, $3, $4, $5, $6)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const Secret token = new_secret("");
  pg::Params params(input.account_id, input.email, input.role, token.hash(), kInvitationValidS,
                    origin_json(call));
  const std::string invitation = co_await call.db().json(kStatement, std::move(params));
  wire::JsonWriter out;
  out.object()
      .raw_field("invitation", invitation)
      .field("link", call.context().config().public_url + "/admin/#/invitation/" + token.text)
      .end();
  co_return created(std::move(out).str());
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "Invite a person into an account",
          .handle = handle};
}

}  // namespace chatpad::functions::team::invite_team_member

// POST /functions/v1/invite-team-member: invites an address into an account, by mail. The answer
// holds the link as well; whoever opens it must be signed in with that address.
#include "functions/shared/account/rules.h"
#include "functions/shared/team/invitation.h"
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

constexpr pg::Statement kNames{
    "names_for_invitation",
    "select n->>'account', n->>'person' from api.names_for_invitation($1) n"};
constexpr pg::Statement kStatement{"invite_team_member",
                                   "select api.invite_team_member($1, $2, $3, $4, $5, $6, $7)"};

// What the mail says, and what only it knows.
std::string mail_json(const Config& config, const InvitationWords& words, const Secret& token) {
  const Secret proof = new_secret("");
  const std::string link = invitation_url(config, token.text + "." + proof.text);
  wire::JsonWriter out;
  out.object()
      .field("proof", proof.hash())
      .field("sealed", invitation_mail(config, words, link))
      .raw_field("rules", rules_json(config))
      .end();
  return std::move(out).str();
}

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const Config& config = call.context().config();
  pg::Rows names = co_await call.db().rows(kNames, pg::Params(input.account_id));
  if (names.size() != 1) raise(Errc::not_found);
  const InvitationWords words{names.str(0, 0), names.str(0, 1), input.role};
  const Secret token = new_secret("");
  pg::Params params(input.account_id, input.email, input.role, token.hash(), kInvitationValidS,
                    origin_json(call), mail_json(config, words, token));
  const std::string invitation = co_await call.db().json(kStatement, std::move(params));
  wire::JsonWriter out;
  out.object()
      .raw_field("invitation", invitation)
      .field("link", invitation_url(config, token.text))
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

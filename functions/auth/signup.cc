// POST /auth/v1/signup: a new person. With an address and a password: signed in at once when
// addresses count as confirmed, else written to. Without either: an anonymous person, who has no
// account until an address of theirs is confirmed. `data.invitation`, what the link of an
// invitation into a team ends with, lets its address in whatever the policy says, and is not kept.
#include "functions/shared/account/mail_request.h"
#include "functions/shared/account/password.h"
#include "functions/shared/account/password_rules.h"
#include "functions/shared/account/sign_in.h"
#include "functions/shared/team/invitation.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::signup {
using namespace chatpad::edge;

constexpr pg::Statement kAnonymous{"auth_create_anonymous", "select api.auth_create_anonymous($1)"};
constexpr pg::Statement kUnconfirmed{"auth_unconfirmed_password",
                                     "select api.auth_unconfirmed_password($1)"};
constexpr pg::Statement kSignUp{
    "auth_sign_up",
    "select r->>'outcome', r->'user', r->'user'->>'id' from api.auth_sign_up($1) r"};

struct Input {
  std::string email;
  std::string password;
  std::string data;
  std::optional<std::string> invitation;
  std::optional<Challenge> challenge;
  static Input read(const wire::Fields& f) {
    Input in;
    in.data = f.optional_object_text("data", 16_KiB).value_or("{}");
    if (!f.has("email") && !f.has("phone") && !f.has("password")) return in;
    in.email = required_email(f);
    in.password = f.string("password", 1, kPasswordBytesMax);
    in.challenge = read_challenge(f);
    const std::optional<wire::Fields> data = f.optional_object("data");
    if (data) in.invitation = data->optional_string("invitation", kInvitationCharsMax);
    return in;
  }
};

Task<Reply> anonymous(Call call, Input input) {
  if (!call.context().config().auth.anonymous) raise(Errc::anonymous_provider_disabled);
  pg::Rows rows = co_await call.service().rows(kAnonymous, pg::Params(input.data));
  std::string user_id = rows.str(0, 0);
  std::string body = co_await open_session(call, std::move(user_id), "anonymous");
  co_return ok(std::move(body));
}

// Is the password the one that this unconfirmed address signed up with before? Takes the same time
// for every address.
Task<bool> is_same_password(Call call, std::string email, std::string password) {
  pg::Rows rows = co_await call.service().rows(kUnconfirmed, pg::Params(email));
  std::string hash = rows.str(0, 0);
  const bool same = co_await verify_off_loop(call, std::move(password), std::move(hash));
  co_return same;
}

Task<Reply> with_address(Call call, Input input) {
  const AuthSettings& settings = call.context().config().auth;
  require_strong_password(settings, input.password);
  bool same = false;
  if (!settings.autoconfirm) same = co_await is_same_password(call, input.email, input.password);
  std::string hash = co_await hash_off_loop(call, std::move(input.password));
  wire::JsonWriter p = mail_request(call, input.email, input.challenge);
  p.field("passwordHash", hash).field("samePassword", same).raw_field("data", input.data);
  if (input.invitation) {
    const InvitationLink link = read_invitation(*input.invitation);
    p.field("invitation", link.token_hash).field("proof", link.proof_hash);
  }
  p.end();
  pg::Rows rows = co_await call.service().rows(kSignUp, pg::Params(std::move(p).str()));
  if (rows.text(0, 0) != "session") co_return ok(rows.str(0, 1));
  std::string user_id = rows.str(0, 2);
  std::string body = co_await open_session(call, std::move(user_id), "password");
  co_return ok(std::move(body));
}

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  Reply reply;
  if (input.email.empty()) {
    reply = co_await anonymous(call, std::move(input));
  } else {
    reply = co_await with_address(call, std::move(input));
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.path = "/auth/v1/signup",
          .auth = Auth::anyone,
          .body_bytes_max = 32_KiB,
          .rate = per_address(30, 300),
          .deadline_ms = 15'000,
          .summary = "Sign up with an address and a password, or anonymously",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::signup

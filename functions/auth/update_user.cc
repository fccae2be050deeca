// PUT /auth/v1/user: the signed-in person changes password, address or metadata. A new password
// ends their other sessions; a new address counts once it is confirmed; an anonymous person with a
// confirmed address is anonymous no more.
#include "functions/shared/account/mail_request.h"
#include "functions/shared/account/password.h"
#include "functions/shared/account/password_rules.h"
#include "functions/shared/account/rules.h"
#include "functions/shared/account/sign_in.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::update_user {
using namespace chatpad::edge;

constexpr pg::Statement kSecrets{
    "auth_user_secrets",
    "select s->>'hash', (s->>'anonymous')::boolean, (s->>'old')::boolean, "
    "(s->>'sso')::boolean, (s->>'weak')::boolean from api.auth_user_secrets($1, $2) s "
    "where s is not null"};
constexpr pg::Statement kNonce{"auth_take_nonce", "select api.auth_take_nonce($1, $2)"};
constexpr pg::Statement kUpdate{"auth_update_user", "select api.auth_update_user($1, $2, $3)"};

struct Input {
  std::optional<std::string> email, password, data, nonce, current_password;
  std::optional<Challenge> challenge;
  static Input read(const wire::Fields& f) {
    Input in;
    if (f.has("phone") && !f.optional_string("phone", 64)->empty()) {
      raise(Errc::phone_provider_disabled);
    }
    in.email = f.optional_email("email");
    in.password = f.optional_string("password", kPasswordBytesMax);
    in.data = f.optional_object_text("data", 16_KiB);
    in.nonce = f.optional_string("nonce", 64);
    in.current_password = f.optional_string("current_password", kPasswordBytesMax);
    in.challenge = read_challenge(f);
    return in;
  }
};

struct Secrets {
  std::string hash;
  bool anonymous = false, old_session = false, sso = false;
  bool weak = false;  // there is a second factor, and the session was opened without it
};

Task<Secrets> secrets_of(Call call) {
  const Caller& caller = call.caller();
  Secrets secrets;
  pg::Params params(caller.subject, std::optional<Uuid>(Uuid::parse(caller.session_id)));
  pg::Rows rows = co_await call.service().rows(kSecrets, std::move(params));
  if (rows.size() != 1) raise(Errc::session_not_found);
  secrets.hash = rows.str(0, 0);
  secrets.anonymous = rows.boolean(0, 1);
  secrets.old_session = rows.boolean(0, 2);
  secrets.sso = rows.boolean(0, 3);
  secrets.weak = rows.boolean(0, 4);
  co_return secrets;
}

Task<void> require_nonce(Call call, std::optional<std::string> nonce) {
  if (!nonce || nonce->empty()) raise(Errc::reauthentication_needed);
  pg::Params params(call.caller().subject, otp_hash_hex(call.context().config(), *nonce));
  pg::Rows rows = co_await call.service().rows(kNonce, std::move(params));
  if (!rows.boolean(0, 0)) raise(Errc::reauthentication_not_valid);
}

Task<std::string> new_password_hash(Call call, Secrets secrets, Input input) {
  const AuthSettings& settings = call.context().config().auth;
  require_strong_password(settings, *input.password);
  if (secrets.anonymous && !input.email) {
    raise(Errc::validation_failed,
          PublicText("Updating password of an anonymous user without an email is not allowed"));
  }
  if (settings.reauthentication && secrets.old_session) {
    co_await require_nonce(call, input.nonce);
  }
  if (input.current_password) {
    const bool right = co_await verify_off_loop(call, *input.current_password, secrets.hash);
    if (!right) raise(Errc::invalid_credentials);
  }
  const bool same = co_await verify_off_loop(call, *input.password, secrets.hash);
  if (same) raise(Errc::same_password);
  std::string hash = co_await hash_off_loop(call, *input.password);
  co_return hash;
}

Task<Reply> handle(Call call) {
  const Caller& caller = call.caller();
  Input input = call.json<Input>();
  const Secrets secrets = co_await secrets_of(call);
  if (secrets.sso && (input.email || input.password)) {
    raise(Errc::forbidden, PublicText("Your organisation keeps your address and password."));
  }
  if (secrets.weak && (input.email || input.password)) {
    raise(Errc::insufficient_aal,
          PublicText("AAL2 session is required to update email or password when MFA is enabled."));
  }
  wire::JsonWriter p = mail_request(call, "", input.challenge);
  if (input.password) {
    std::string hash = co_await new_password_hash(call, secrets, input);
    p.field("passwordHash", hash);
  }
  if (input.data) p.raw_field("data", *input.data);
  if (input.email) {
    const Config& config = call.context().config();
    const std::string redirect_to = allowed_redirect(config, call.query("redirect_to"));
    p.field("newEmail", *input.email)
        .field("both", config.auth.double_email_change)
        .raw_field("onceNew", once_json(config, new_one_time(), redirect_to));
  }
  p.end();
  pg::Params params(caller.subject, std::optional<Uuid>(Uuid::parse(caller.session_id)),
                    std::move(p).str());
  std::string body = co_await call.service().json(kUpdate, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::put,
          .path = "/auth/v1/user",
          .auth = Auth::user,
          .body_bytes_max = 32_KiB,
          .rate = per_caller(60, 60),
          .deadline_ms = 15'000,
          .summary = "Change password, address or metadata",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::update_user

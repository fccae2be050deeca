// POST /auth/v1/token?grant_type=password|refresh_token|pkce: a session for an address and
// password, for a refresh token (which is replaced; see session.h for what a reused one gets), or
// for the code that a link ended with (flow.h).
#include "functions/shared/account/flow.h"
#include "functions/shared/account/sign_in.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::token {
using namespace chatpad::edge;

constexpr pg::Statement kUser{"auth_user_for_password",
                              "select \"user\"->>'id', encrypted_password, "
                              "coalesce((\"user\"->>'banned_until')::timestamptz > now(), false), "
                              "\"user\"->>'email_confirmed_at' is not null "
                              "from api.auth_user_for_password($1)"};
constexpr pg::Statement kRotate{
    "auth_rotate_refresh",
    "select r->>'outcome', r->>'sessionId', r->>'sealed', r->'user', r->>'aal', r->'amr' "
    "from api.auth_rotate_refresh($1, $2, $3, $4) r"};

struct PasswordInput {
  std::string email;
  std::string password;
  static PasswordInput read(const wire::Fields& f) {
    return {f.optional_string("email", 320).value_or(""), f.string("password", 1, 1024)};
  }
};

struct RefreshInput {
  std::string refresh_token;
  static RefreshInput read(const wire::Fields& f) { return {f.string("refresh_token", 1, 512)}; }
};

struct CodeInput {
  std::string auth_code;
  std::string code_verifier;
  static CodeInput read(const wire::Fields& f) {
    return {f.string("auth_code", 1, 256), f.string("code_verifier", 1, 256)};
  }
};

Task<Reply> by_password(Call call) {
  PasswordInput input = call.json<PasswordInput>();
  pg::Rows rows = co_await call.service().rows(kUser, pg::Params(input.email));
  const bool known = rows.size() == 1;
  std::string hash = known ? rows.str(0, 1) : std::string();
  const bool matches = co_await verify_off_loop(call, std::move(input.password), std::move(hash));
  if (!known || !matches) raise(Errc::invalid_credentials);
  if (rows.boolean(0, 2)) raise(Errc::user_banned);
  if (!rows.boolean(0, 3)) raise(Errc::email_not_confirmed);
  std::string user_id = rows.str(0, 0);
  std::string body = co_await open_session(call, std::move(user_id), "password");
  co_return ok(std::move(body));
}

Task<Reply> by_refresh_token(Call call) {
  const RefreshInput input = call.json<RefreshInput>();
  const RefreshToken next = new_refresh_token();
  pg::Params params(refresh_hash_hex(input.refresh_token), next.hash_hex,
                    seal_refresh_token(call.context(), next.token), kRefreshReuseS);
  pg::Rows rows = co_await call.service().rows(kRotate, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  const std::string_view outcome = rows.text(0, 0);
  if (outcome == "not_found") raise(Errc::refresh_token_not_found);
  if (outcome == "already_used") raise(Errc::refresh_token_already_used);
  if (outcome == "session_expired") raise(Errc::session_expired);
  if (outcome == "user_banned") raise(Errc::user_banned);
  if (outcome != "rotated" && outcome != "reused") raise(Errc::internal);
  SessionParts parts;
  parts.session_id = rows.str(0, 1);
  parts.refresh_token = open_refresh_token(call.context(), rows.text(0, 2)).or_raise();
  parts.user_json = rows.str(0, 3);
  parts.aal = rows.str(0, 4);
  parts.amr_json = rows.str(0, 5);
  co_return ok(session_json(call.context(), parts));
}

Task<Reply> by_code(Call call) {
  CodeInput input = call.json<CodeInput>();
  RedeemedFlow redeemed =
      co_await redeem_code(call, std::move(input.auth_code), std::move(input.code_verifier));
  std::string body =
      co_await open_session(call, std::move(redeemed.user_id), std::move(redeemed.method));
  co_return ok(std::move(body));
}

Task<Reply> handle(Call call) {
  const std::string grant = call.query("grant_type").value_or("");
  Reply reply;
  if (grant == "password") {
    reply = co_await by_password(call);
  } else if (grant == "refresh_token") {
    reply = co_await by_refresh_token(call);
  } else if (grant == "pkce") {
    reply = co_await by_code(call);
  } else {
    raise(Errc::invalid_credentials, PublicText("unsupported_grant_type"));
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.path = "/auth/v1/token",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(60, 60),
          .deadline_ms = 15'000,
          .summary = "Sign in with a password or a code, or renew a session",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::token

// POST /auth/v1/token?grant_type=password|refresh_token: a session for an address and password, or
// for a refresh token (which is replaced; see session.h for what a reused one gets).
#include "functions/shared/account/session.h"
#include "functions/shared/account/sign_in.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::token {
using namespace chatpad::edge;

constexpr pg::Statement kUser{"auth_user_for_password",
                              "select \"user\"->>'id', encrypted_password, "
                              "coalesce((\"user\"->>'banned_until')::timestamptz > now(), false) "
                              "from api.auth_user_for_password($1)"};
constexpr pg::Statement kRotate{
    "auth_rotate_refresh",
    "select r->>'outcome', r->>'sessionId', r->>'sealed', r->'user', r->>'aal' "
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

Task<Reply> by_password(Call call) {
  PasswordInput input = call.json<PasswordInput>();
  pg::Rows rows = co_await call.service().rows(kUser, pg::Params(input.email));
  const bool known = rows.size() == 1;
  std::string hash = known ? rows.str(0, 1) : std::string();
  const bool matches = co_await verify_off_loop(call, std::move(input.password), std::move(hash));
  if (!known || !matches) raise(Errc::invalid_credentials);
  if (rows.boolean(0, 2)) raise(Errc::user_banned);
  std::string user_id = rows.str(0, 0);
  std::string body = co_await open_session(call, std::move(user_id));
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
  if (outcome != "rotated" && outcome != "reused") raise(Errc::session_not_found);
  SessionParts parts;
  parts.session_id = rows.str(0, 1);
  parts.refresh_token = open_refresh_token(call.context(), rows.text(0, 2)).or_raise();
  parts.user_json = rows.str(0, 3);
  if (!rows.is_null(0, 4)) parts.aal = rows.str(0, 4);
  co_return ok(session_json(call.context(), parts));
}

Task<Reply> handle(Call call) {
  const std::string grant = call.query("grant_type").value_or("");
  Reply reply;
  if (grant == "password") {
    reply = co_await by_password(call);
  } else if (grant == "refresh_token") {
    reply = co_await by_refresh_token(call);
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
          .summary = "Sign in with a password, or renew a session",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::token

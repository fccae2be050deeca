#include "functions/shared/account/grants.h"

#include "functions/shared/account/sign_in.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kUser{"auth_user_for_password",
                              "select \"user\"->>'id', encrypted_password, "
                              "coalesce((\"user\"->>'banned_until')::timestamptz > now(), false), "
                              "\"user\"->>'email_confirmed_at' is not null "
                              "from api.auth_user_for_password($1)"};
constexpr pg::Statement kRotate{
    "auth_rotate_refresh",
    "select r->>'outcome', r->>'sessionId', r->>'sealed', r->'user', r->>'aal', r->'amr' "
    "from api.auth_rotate_refresh($1, $2, $3, $4) r"};

}  // namespace

Task<std::string> user_of_password(edge::Call call, std::string email, std::string password) {
  pg::Rows rows = co_await call.service().rows(kUser, pg::Params(email));
  const bool known = rows.size() == 1;
  std::string hash = known ? rows.str(0, 1) : std::string();
  const bool matches = co_await verify_off_loop(call, std::move(password), std::move(hash));
  if (!known || !matches) raise(Errc::invalid_credentials);
  if (rows.boolean(0, 2)) raise(Errc::user_banned);
  if (!rows.boolean(0, 3)) raise(Errc::email_not_confirmed);
  co_return rows.str(0, 0);
}

Task<SessionParts> refreshed_session(edge::Call call, std::string refresh_token) {
  const RefreshToken next = new_refresh_token();
  pg::Params params(refresh_hash_hex(refresh_token), next.hash_hex,
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
  co_return parts;
}

}  // namespace chatpad::functions

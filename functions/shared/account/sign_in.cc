#include "functions/shared/account/sign_in.h"

#include "functions/shared/account/password.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kCreateSession{"auth_create_session",
                                       "select r->>'sessionId', r->'user', r->>'aal', r->'amr' "
                                       "from api.auth_create_session($1, $2, $3, $4, $5) r"};

}  // namespace

Task<std::string> hash_off_loop(edge::Call call, std::string password) {
  std::function<std::string()> job = [password = std::move(password)] {
    return hash_password(password);
  };
  std::string hash = co_await call.context().workers().run(call.context().loop(), std::move(job));
  co_return hash;
}

Task<bool> verify_off_loop(edge::Call call, std::string password, std::string hash) {
  std::function<bool()> job = [password = std::move(password), hash = std::move(hash)] {
    return verify_password(password, hash);
  };
  const bool matches = co_await call.context().workers().run(call.context().loop(), std::move(job));
  co_return matches;
}

Task<SessionParts> start_session(edge::Call call, std::string user_id, std::string method) {
  SessionParts parts;
  const RefreshToken refresh = new_refresh_token();
  pg::Params params(user_id, refresh.hash_hex, call.header("user-agent"), call.client_address(),
                    method);
  pg::Rows rows = co_await call.service().rows(kCreateSession, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  parts.session_id = rows.str(0, 0);
  parts.user_json = rows.str(0, 1);
  parts.aal = rows.str(0, 2);
  parts.amr_json = rows.str(0, 3);
  parts.refresh_token = refresh.token;
  co_return parts;
}

Task<std::string> open_session(edge::Call call, std::string user_id, std::string method) {
  const SessionParts parts = co_await start_session(call, std::move(user_id), std::move(method));
  co_return session_json(call.context(), parts);
}

}  // namespace chatpad::functions

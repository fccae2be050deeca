// GET /auth/v1/user: the person the token stands for, while its session lives. A token without a
// session is good for as long as its person is there.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::user {
using namespace chatpad::edge;

constexpr pg::Statement kUser{"auth_user", "select api.auth_user($1, $2)"};

Task<Reply> handle(Call call) {
  const Caller& caller = call.caller();
  pg::Params params(caller.subject, std::optional<Uuid>(Uuid::parse(caller.session_id)));
  pg::Rows rows = co_await call.service().rows(kUser, std::move(params));
  if (rows.size() == 1 && !rows.is_null(0, 0)) co_return ok(rows.str(0, 0));
  if (!caller.session_id.empty()) raise(Errc::session_not_found);
  Reply gone = error_reply(Error(Errc::user_not_found), call.request_id());
  gone.status = 403;
  co_return gone;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/user",
          .auth = Auth::user,
          .rate = per_caller(100, 10),
          .summary = "The signed-in person",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::user

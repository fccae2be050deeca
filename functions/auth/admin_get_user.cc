// GET /auth/v1/admin/users/{id}
#include "functions/shared/account/admin_user.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_get_user {
using namespace chatpad::edge;

constexpr pg::Statement kUser{"auth_admin_user", "select api.auth_admin_user($1)"};

Task<Reply> handle(Call call) {
  const Uuid id = user_id_of_path(call);
  pg::Rows rows = co_await call.service().rows(kUser, pg::Params(id));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::user_not_found);
  co_return ok(rows.str(0, 0));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/users/{id}",
          .auth = Auth::service,
          .summary = "Get a user",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_get_user

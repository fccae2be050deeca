// GET /auth/v1/admin/users/{id}/factors: an array, as auth-js expects it.
#include "functions/shared/account/admin_user.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_list_factors {
using namespace chatpad::edge;

constexpr pg::Statement kFactors{"auth_admin_factors", "select api.auth_admin_factors($1)"};

Task<Reply> handle(Call call) {
  const Uuid id = user_id_of_path(call);
  pg::Rows rows = co_await call.service().rows(kFactors, pg::Params(id));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::user_not_found);
  co_return ok(rows.str(0, 0));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/users/{id}/factors",
          .auth = Auth::service,
          .summary = "The second factors of a user",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_list_factors

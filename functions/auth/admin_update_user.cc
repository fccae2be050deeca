// PUT /auth/v1/admin/users/{id}: changes what the body names. A new password or a ban ends the
// user's sessions.
#include "functions/shared/account/admin_user.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_update_user {
using namespace chatpad::edge;

constexpr pg::Statement kUpdate{"auth_admin_update", "select api.auth_admin_update($1, $2)"};

Task<Reply> handle(Call call) {
  const Uuid id = user_id_of_path(call);
  AdminUser user = call.json<AdminUser>();
  std::string p = co_await admin_user_json(call, std::move(user));
  pg::Params params(id, std::move(p));
  std::string body = co_await call.service().json(kUpdate, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::put,
          .path = "/auth/v1/admin/users/{id}",
          .auth = Auth::service,
          .body_bytes_max = 64_KiB,
          .deadline_ms = 15'000,
          .summary = "Change a user",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_update_user

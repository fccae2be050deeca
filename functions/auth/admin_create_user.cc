// POST /auth/v1/admin/users: a user as an administrator describes it; no mail is sent.
#include "functions/shared/account/admin_user.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_create_user {
using namespace chatpad::edge;

constexpr pg::Statement kCreate{"auth_admin_create", "select api.auth_admin_create($1, $2)"};

Task<Reply> handle(Call call) {
  AdminUser user = call.json<AdminUser>();
  const std::optional<Uuid> id = user.id;
  std::string p = co_await admin_user_json(call, std::move(user));
  pg::Params params(id, std::move(p));
  std::string body = co_await call.service().json(kCreate, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/admin/users",
          .auth = Auth::service,
          .body_bytes_max = 64_KiB,
          .deadline_ms = 15'000,
          .summary = "Make a user",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_create_user

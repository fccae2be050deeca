// DELETE /auth/v1/admin/users/{id}/factors/{factor}: for who has lost the device.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_delete_factor {
using namespace chatpad::edge;

constexpr pg::Statement kDelete{"auth_admin_delete_factor",
                                "select api.auth_admin_delete_factor($1, $2)"};

Task<Reply> handle(Call call) {
  const std::string_view ids = call.path_parameter();  // "<user>/factors/<factor>"
  const auto user = Uuid::parse(ids.substr(0, ids.find('/')));
  const auto factor = Uuid::parse(ids.substr(ids.rfind('/') + 1));
  if (!user) raise(Errc::user_not_found);
  if (!factor) raise(Errc::mfa_factor_not_found);
  pg::Params params(*user, *factor);
  std::string body = co_await call.service().json(kDelete, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/v1/admin/users/{id}/factors/{factor}",
          .auth = Auth::service,
          .body_bytes_max = 4_KiB,
          .summary = "Remove a second factor of a user",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_delete_factor

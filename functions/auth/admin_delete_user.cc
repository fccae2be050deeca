// DELETE /auth/v1/admin/users/{id}: the user and everything of their account; softly, the user
// only.
#include "functions/shared/account/admin_user.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_delete_user {
using namespace chatpad::edge;

constexpr pg::Statement kDelete{"auth_admin_delete", "select api.auth_admin_delete($1, $2)"};

struct Input {
  bool soft = false;
  static Input read(const wire::Fields& f) { return {f.boolean("should_soft_delete", false)}; }
};

Task<Reply> handle(Call call) {
  const Uuid id = user_id_of_path(call);
  const bool soft = !call.request().body.empty() && call.json<Input>().soft;
  pg::Params params(id, soft);
  co_await call.service().rows(kDelete, std::move(params));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/v1/admin/users/{id}",
          .auth = Auth::service,
          .body_bytes_max = 4_KiB,
          .summary = "Delete a user",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_delete_user

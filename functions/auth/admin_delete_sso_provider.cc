// DELETE /auth/v1/admin/sso/providers/{id}: nobody signs in with it any more.
#include "functions/shared/external/sso_path.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_delete_sso_provider {
using namespace chatpad::edge;

constexpr pg::Statement kDelete{"delete_sso_provider", "select api.delete_sso_provider($1, $2)"};

Task<Reply> handle(Call call) {
  pg::Params params(sso_provider_of_path(call), origin_json(call));
  std::string body = co_await call.db().json(kDelete, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/v1/admin/sso/providers/{id}",
          .auth = Auth::service,
          .summary = "Remove a SAML provider",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_delete_sso_provider

// GET /auth/v1/admin/sso/providers/{id}: one SAML provider.
#include "functions/shared/external/sso_path.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_get_sso_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  pg::Params params(sso_provider_of_path(call));
  std::string body = co_await call.db().json(kGetSsoProvider, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/sso/providers/{id}",
          .auth = Auth::service,
          .summary = "A SAML provider",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_get_sso_provider

// PUT /auth/v1/admin/sso/providers/{id}: changes what the body names. The entity id stays.
#include "functions/shared/external/provider_input.h"
#include "functions/shared/external/sso_path.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_update_sso_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const Uuid id = sso_provider_of_path(call);
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  // Unknown before anything is fetched for it.
  co_await call.db().json(kGetSsoProvider, pg::Params(id));
  ProviderInput input = co_await read_sso_provider(call, fields, InputFor::update);
  co_await update_provider(call, call.db(), id, std::move(input));
  std::string body = co_await call.db().json(kGetSsoProvider, pg::Params(id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::put,
          .path = "/auth/v1/admin/sso/providers/{id}",
          .auth = Auth::service,
          .body_bytes_max = 1_MiB,
          .summary = "Change a SAML provider",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_update_sso_provider

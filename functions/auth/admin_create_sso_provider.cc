// POST /auth/v1/admin/sso/providers: a SAML provider of the server.
#include "functions/shared/external/provider_input.h"
#include "functions/shared/external/sso_path.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_create_sso_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  ProviderInput input = co_await read_sso_provider(call, fields, InputFor::create);
  const std::optional<Uuid> of_server;
  std::string made = co_await create_provider(call, call.db(), of_server, std::move(input));
  const Uuid id = wire::Fields::parse(made).or_raise().uuid("id");
  std::string body = co_await call.db().json(kGetSsoProvider, pg::Params(id));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/admin/sso/providers",
          .auth = Auth::service,
          .body_bytes_max = 1_MiB,
          .summary = "Add a SAML provider of the server",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_create_sso_provider

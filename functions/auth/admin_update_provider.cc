// PUT /auth/v1/admin/custom-providers/{identifier}: changes what the body names. The issuer stays.
#include "functions/shared/external/provider_input.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_update_provider {
using namespace chatpad::edge;

constexpr pg::Statement kShape{"custom_provider", "select api.custom_provider($1)"};

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  ProviderInput input = read_custom_provider(call.context().config(), fields, InputFor::update);
  const Uuid id = co_await provider_id_of_path(call);
  std::string made = co_await update_provider(call, call.db(), id, std::move(input));
  std::string body = co_await call.db().json(kShape, pg::Params(std::move(made)));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::put,
          .path = "/auth/v1/admin/custom-providers/{identifier}",
          .auth = Auth::service,
          .body_bytes_max = 32_KiB,
          .summary = "Change a provider of the server",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_update_provider

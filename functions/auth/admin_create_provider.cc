// POST /auth/v1/admin/custom-providers: a provider that everybody may sign in with.
#include "functions/shared/external/provider_input.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_create_provider {
using namespace chatpad::edge;

constexpr pg::Statement kShape{"custom_provider", "select api.custom_provider($1)"};

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  ProviderInput input = read_custom_provider(call.context().config(), fields, InputFor::create);
  const std::optional<Uuid> of_server;
  std::string made = co_await create_provider(call, call.db(), of_server, std::move(input));
  std::string body = co_await call.db().json(kShape, pg::Params(std::move(made)));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/admin/custom-providers",
          .auth = Auth::service,
          .body_bytes_max = 32_KiB,
          .summary = "Add a provider that everybody may sign in with",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_create_provider

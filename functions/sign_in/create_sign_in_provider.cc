// POST /functions/v1/create-sign-in-provider: a provider of an account, for its owners, or (without
// accountId) of the server, for the operator: OpenID Connect, or SAML by its metadata.
#include "functions/shared/external/provider_input.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::sign_in::create_sign_in_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  const std::optional<Uuid> account = fields.optional_uuid("accountId");
  co_await require_provider_keeper(call, account, std::nullopt);
  ProviderInput input = co_await read_provider(call, fields, InputFor::create);
  std::string made = co_await create_provider(call, call.db(), account, std::move(input));
  co_return created(provider_body(made));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 512_KiB,
          .rate = per_caller(30, 60),
          .deadline_ms = 15'000,
          .summary = "Add a provider that people may sign in with",
          .handle = handle};
}

}  // namespace chatpad::functions::sign_in::create_sign_in_provider

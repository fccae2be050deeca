// POST /functions/v1/update-sign-in-provider: changes what the body names. The issuer stays.
#include "functions/shared/external/provider_input.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::sign_in::update_sign_in_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  const Uuid id = fields.uuid("providerId");
  co_await require_provider_keeper(call, std::nullopt, id);
  ProviderInput input = co_await read_provider(call, fields, InputFor::update);
  std::string made = co_await update_provider(call, call.db(), id, std::move(input));
  co_return ok(provider_body(made));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 512_KiB,
          .rate = per_caller(30, 60),
          .deadline_ms = 15'000,
          .summary = "Change a provider that people may sign in with",
          .handle = handle};
}

}  // namespace chatpad::functions::sign_in::update_sign_in_provider

// GET /auth/v1/callback/{id}?state=...&code=...: the browser comes back from that provider of an
// account.
#include "functions/shared/external/oidc_callback.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::callback_of_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) { return take_callback(call, std::string(call.path_parameter())); }

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/callback/{id}",
          .auth = Auth::anyone,
          .rate = per_address(60, 60),
          .deadline_ms = 30'000,
          .summary = "Come back from a provider of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::callback_of_provider

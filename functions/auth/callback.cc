// GET /auth/v1/callback?state=...&code=...: the browser comes back from a provider of the server.
#include "functions/shared/external/oidc_callback.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::callback {
using namespace chatpad::edge;

Task<Reply> handle(Call call) { return take_callback(call, ""); }

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/callback",
          .auth = Auth::anyone,
          .rate = per_address(60, 60),
          .deadline_ms = 30'000,
          .summary = "Come back from a provider",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::callback

// GET /auth/v1/health: that requests for it arrive here. What is behind is /health's to say.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::auth_health {
using namespace chatpad::edge;

Task<Reply> handle(Call) {
  co_return ok(
      R"({"version":"v2","name":"GoTrue","description":"Sign-in in the format of GoTrue"})");
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/health",
          .auth = Auth::anyone,
          .summary = "That sign-in is served here",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::auth_health

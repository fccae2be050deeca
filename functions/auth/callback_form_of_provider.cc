// POST /auth/v1/callback/{id}: the same for that provider of an account.
#include "functions/shared/external/oidc_callback.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::callback_form_of_provider {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  co_return take_callback_form(call, std::string(call.path_parameter()));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/callback/{id}",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(60, 60),
          .summary = "Come back from an account's provider that posts a form",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::callback_form_of_provider

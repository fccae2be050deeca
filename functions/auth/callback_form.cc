// POST /auth/v1/callback: a provider of the server that answers with a form
// (response_mode=form_post).
#include "functions/shared/external/oidc_callback.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::callback_form {
using namespace chatpad::edge;

Task<Reply> handle(Call call) { co_return take_callback_form(call, ""); }

Endpoint endpoint() {
  return {.path = "/auth/v1/callback",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(60, 60),
          .summary = "Come back from a provider that posts a form",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::callback_form

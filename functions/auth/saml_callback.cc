// POST /auth/saml/callback: /auth/v1/sso/saml/acs under another name.
#include "functions/shared/external/saml_sign_in.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::saml_callback {
using namespace chatpad::edge;

Task<Reply> handle(Call call) { return take_saml_response(call); }

Endpoint endpoint() {
  return {.path = "/auth/saml/callback",
          .auth = Auth::anyone,
          .body_bytes_max = 512_KiB,
          .rate = per_address(60, 60),
          .deadline_ms = 15'000,
          .summary = "Come back from a SAML identity provider",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::saml_callback

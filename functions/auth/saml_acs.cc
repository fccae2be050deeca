// POST /auth/v1/sso/saml/acs: an identity provider's SAML response, carried here by the browser
// (SAML bindings, 3.5). It goes on to the page that the sign-in was begun for.
#include "functions/shared/external/saml_sign_in.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::saml_acs {
using namespace chatpad::edge;

Task<Reply> handle(Call call) { return take_saml_response(call); }

Endpoint endpoint() {
  return {.path = "/auth/v1/sso/saml/acs",
          .auth = Auth::anyone,
          .body_bytes_max = 512_KiB,
          .rate = per_address(60, 60),
          .deadline_ms = 15'000,
          .summary = "Come back from a SAML identity provider",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::saml_acs

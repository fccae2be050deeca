// GET /auth/v1/.well-known/jwks.json: the public halves of the keys that sign access tokens (RFC
// 7517), also of the one that will sign next. Empty while the secret signs.
#include "runtime/edge/auth.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::jwks {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  Reply reply = ok(call.context().authenticator().ring().jwks());
  reply.header("Cache-Control", "public, max-age=600");
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/.well-known/jwks.json",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "The public keys that check access tokens",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::jwks

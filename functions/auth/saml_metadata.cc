// GET /auth/v1/sso/saml/metadata: what a SAML identity provider has to know of this server.
#include "functions/shared/saml/metadata.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::saml_metadata {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  Reply reply = ok(saml::sp_metadata(call.context().config()));
  reply.content_type = "application/samlmetadata+xml; charset=utf-8";
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/sso/saml/metadata",
          .auth = Auth::anyone,
          .rate = per_address(100, 10),
          .summary = "What a SAML identity provider has to know of this server",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::saml_metadata

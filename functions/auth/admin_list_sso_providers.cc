// GET /auth/v1/admin/sso/providers: the SAML providers there are, each account's as well.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_list_sso_providers {
using namespace chatpad::edge;

constexpr pg::Statement kList{"list_sso_providers", "select api.list_sso_providers()"};

Task<Reply> handle(Call call) {
  std::string body = co_await call.db().json(kList, pg::Params());
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/sso/providers",
          .auth = Auth::service,
          .summary = "List the SAML providers",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_list_sso_providers

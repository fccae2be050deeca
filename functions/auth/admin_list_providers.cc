// GET /auth/v1/admin/custom-providers: the OpenID Connect providers of the server.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_list_providers {
using namespace chatpad::edge;

constexpr pg::Statement kList{
    "list_custom_providers",
    "select jsonb_build_object('providers', coalesce(jsonb_agg(api.custom_provider(p.value) order "
    "by "
    "p.n), '[]')) from jsonb_array_elements(api.list_sign_in_providers(null) -> 'providers') with "
    "ordinality p (value, n) where p.value ->> 'protocol' = 'oidc'"};

Task<Reply> handle(Call call) {
  if (call.query("type").value_or("oidc") != "oidc") co_return ok(R"({"providers": []})");
  std::string body = co_await call.db().json(kList, pg::Params());
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/custom-providers",
          .auth = Auth::service,
          .summary = "List the server's providers",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_list_providers

// DELETE /auth/v1/admin/custom-providers/{identifier}: nobody signs in with it any more. Identities
// stay, in case it comes back with the same issuer.
#include "functions/shared/external/provider_input.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_delete_provider {
using namespace chatpad::edge;

constexpr pg::Statement kDelete{"delete_sign_in_provider",
                                "select api.delete_sign_in_provider($1, $2)"};

Task<Reply> handle(Call call) {
  const Uuid id = co_await provider_id_of_path(call);
  pg::Params params(id, origin_json(call));
  std::string body = co_await call.db().json(kDelete, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/v1/admin/custom-providers/{identifier}",
          .auth = Auth::service,
          .summary = "Remove a provider of the server",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_delete_provider

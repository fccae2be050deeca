// GET /auth/v1/admin/custom-providers/{identifier}: one provider of the server.
#include "functions/shared/external/provider_input.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_get_provider {
using namespace chatpad::edge;

constexpr pg::Statement kGet{"get_custom_provider",
                             "select api.custom_provider(api.get_sign_in_provider($1))"};

Task<Reply> handle(Call call) {
  const Uuid id = co_await provider_id_of_path(call);
  std::string body = co_await call.db().json(kGet, pg::Params(id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/custom-providers/{identifier}",
          .auth = Auth::service,
          .summary = "A provider of the server",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_get_provider

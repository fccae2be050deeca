// DELETE /auth/api-keys/{id}: revoke-api-key under another name.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::auth_api_keys_delete {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"revoke_api_key", "select api.revoke_api_key($1, $2)"};

Task<Reply> handle(Call call) {
  const std::optional<Uuid> key_id = Uuid::parse(call.path_parameter());
  if (!key_id) raise(Errc::not_found);
  pg::Params params(key_id, origin_json(call));
  pg::Rows revoked = co_await call.db().rows(kStatement, std::move(params));
  co_return no_content();
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/api-keys/{id}",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Revoke an API key",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::auth_api_keys_delete

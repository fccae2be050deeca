// POST /functions/v1/revoke-api-key: a key stops working, on every loop of every program.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::revoke_api_key {
using namespace chatpad::edge;

struct Input {
  Uuid key_id;
  static Input read(const wire::Fields& f) { return {f.uuid("keyId")}; }
};

constexpr pg::Statement kStatement{"revoke_api_key", "select api.revoke_api_key($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.key_id, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Revoke an API key",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::revoke_api_key

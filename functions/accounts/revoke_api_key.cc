// POST /functions/v1/revoke-api-key: a key stops working, on every loop of every program.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::revoke_api_key {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"revoke_api_key", "select api.revoke_api_key($1, $2)"};

Task<Reply> handle(Call call) { return act_by_id(call, "keyId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Revoke an API key",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::revoke_api_key

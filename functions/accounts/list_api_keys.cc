// POST /functions/v1/list-api-keys: the API keys of an account, without their secrets.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::list_api_keys {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_api_keys", "select api.list_api_keys($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "accountId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The API keys of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::list_api_keys

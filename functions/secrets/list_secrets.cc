// POST /functions/v1/list-secrets: the names of an account's secrets, with the last characters and
// dates. Their values are given to nobody.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::secrets::list_secrets {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_secrets", "select api.list_account_secrets($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "accountId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The names of an account's secrets",
          .handle = handle};
}

}  // namespace chatpad::functions::secrets::list_secrets

// POST /functions/v1/list-accounts: the accounts the person works in, their own first.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::list_accounts {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_accounts", "select api.list_accounts()"};

Task<Reply> handle(Call call) {
  pg::Params params;
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The accounts the person works in",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::list_accounts

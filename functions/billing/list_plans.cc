// POST /functions/v1/list-plans: the plans there are, with their limits and features.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::billing::list_plans {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_plans", "select api.list_plans()"};

Task<Reply> handle(Call call) {
  std::string body = co_await call.db().json(kStatement, pg::Params());
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(60, 10),
          .summary = "The plans with their limits and features",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::list_plans

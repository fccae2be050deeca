// GET /v1/knowledge/company-info: what an agent knows of the company, and how good it is.
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::get_company_info {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_company_info", "select api.get_company_info($1)"};

Task<Reply> handle(Call call) {
  const wire::Fields query = query_fields(call, {"agent_id"});
  pg::Params params(query.uuid("agent_id"));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/knowledge/company-info",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "What an agent knows of the company",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::get_company_info

// PUT /v1/knowledge/company-info: what an agent knows of the company, in place of what it knew.
#include "functions/shared/ingest/items.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::set_company_info {
using namespace chatpad::edge;

constexpr pg::Statement kStore{"store_knowledge_items",
                               "select api.store_knowledge_items($1, $2, $3, $4)"};
constexpr pg::Statement kGet{"get_company_info", "select api.get_company_info($1)"};

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  const Uuid agent_id = fields.uuid("agent_id");
  ItemList items;
  items.add("About the company", fields.string("content", 1, kItemContentCharsMax), "company_info",
            "{}");
  pg::Params params(agent_id, std::move(items).json(), "replace", "company_info");
  std::string stored = co_await call.db().json(kStore, std::move(params));
  pg::Params again(agent_id);
  std::string body = co_await call.db().json(kGet, std::move(again));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::put,
          .path = "/v1/knowledge/company-info",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 1_MiB,
          .rate = per_caller(60, 60),
          .summary = "Write what an agent knows of the company",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::set_company_info

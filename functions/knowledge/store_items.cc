// POST /v1/knowledge/items: many items at once. Each is stored, found to be there already, or
// refused on its own.
#include "functions/shared/ingest/items.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::store_items {
using namespace chatpad::edge;

constexpr pg::Statement kStore{"store_knowledge_items",
                               "select api.store_knowledge_items($1, $2, $3, $4)"};

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  const Uuid agent_id = fields.uuid("agent_id");
  ItemList items;
  for (const wire::Fields& item : fields.object_list("items", kItemsMax)) items.add(item);
  pg::Params params(agent_id, std::move(items).json(), "add", std::nullopt);
  std::string body = co_await call.db().json(kStore, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/v1/knowledge/items",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 8_MiB,
          .rate = per_caller(60, 60),
          .deadline_ms = 30'000,
          .summary = "Store items of knowledge",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::store_items

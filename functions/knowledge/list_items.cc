// GET /v1/knowledge/items: an agent's items, newest first.
#include "functions/shared/paging/cursor.h"
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::list_items {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_knowledge_items",
                                   "select api.list_knowledge_items($1, $2, $3, $4, $5)"};

Task<Reply> handle(Call call) {
  const wire::Fields query = query_fields(call, {"agent_id", "type", "limit", "cursor"});
  const Cursor before = Cursor::read(query);
  pg::Params params(query.uuid("agent_id"), query.optional_string("type", 40),
                    read_page_limit(query), before.at_us, before.id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/knowledge/items",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The items of an agent",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::list_items

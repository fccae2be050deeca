// DELETE /v1/knowledge/items/{id}: forgets an item.
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::delete_item {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"delete_knowledge_item", "select api.delete_knowledge_item($1)"};

Task<Reply> handle(Call call) {
  pg::Params params(id_of_path(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/v1/knowledge/items/{id}",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Delete an item of knowledge",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::delete_item

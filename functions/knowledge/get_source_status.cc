// GET /v1/knowledge/sources/{id}/status: whether a source answers, and how far its newest job is.
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::get_source_status {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_knowledge_status", "select api.get_knowledge_status($1)"};

Task<Reply> handle(Call call) {
  pg::Params params(id_of_path(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/knowledge/sources/{id}/status",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "How far a source is",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::get_source_status

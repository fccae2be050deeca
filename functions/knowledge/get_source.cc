// GET /v1/knowledge/sources/{id}: one source, with its newest job.
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::get_source {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_knowledge_source", "select api.get_knowledge_source($1)"};

Task<Reply> handle(Call call) {
  pg::Params params(id_of_path(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/knowledge/sources/{id}",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "One source of knowledge",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::get_source

// POST /v1/knowledge/sources/{id}/sync: reads a source again; what it knew answers until that is
// done.
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::sync_source {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"sync_knowledge_source", "select api.sync_knowledge_source($1)"};

Task<Reply> handle(Call call) {
  pg::Params params(id_of_path(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return Reply(202, std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/v1/knowledge/sources/{id}/sync",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(60, 60),
          .summary = "Read a source again",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::sync_source

// DELETE /v1/conversations/{id}: archives a conversation. Nothing is deleted; an answer that is
// being written and a takeover end.
#include "functions/shared/paging/query.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::conversations::archive {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"archive_conversation",
                                   "select api.archive_conversation($1, $2)"};

Task<Reply> handle(Call call) {
  pg::Params params(id_of_path(call), origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/v1/conversations/{id}",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Archive a conversation",
          .handle = handle};
}

}  // namespace chatpad::functions::conversations::archive

// GET /v1/conversations/{id}: one conversation with a page of its messages.
#include "functions/shared/paging/cursor.h"
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::conversations::get {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"read_conversation", "select api.read_conversation($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const wire::Fields query = query_fields(call, {"after_seq", "limit"});
  pg::Params params(id_of_path(call), query.optional_integer("after_seq", 0, INT64_MAX),
                    read_page_limit(query));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/conversations/{id}",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "One conversation with its messages",
          .handle = handle};
}

}  // namespace chatpad::functions::conversations::get

// GET /v1/knowledge/sources: the sources of an agent or of an account, newest first.
#include "functions/shared/paging/cursor.h"
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::list_sources {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_knowledge_sources",
                                   "select api.list_knowledge_sources($1, $2, $3, $4, $5)"};

Task<Reply> handle(Call call) {
  const wire::Fields query =
      query_fields(call, {"account_id", "tenant_id", "agent_id", "limit", "cursor"});
  std::optional<Uuid> account = query.optional_uuid("account_id");
  if (!account) account = query.optional_uuid("tenant_id");
  const Cursor before = Cursor::read(query);
  pg::Params params(account, query.optional_uuid("agent_id"), read_page_limit(query), before.at_us,
                    before.id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/knowledge/sources",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The sources of an agent or account",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::list_sources

// GET /v1/conversations: a page of the conversations of an agent or an account, newest activity
// first.
#include "functions/shared/paging/cursor.h"
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::conversations::list {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"find_conversations",
                                   "select api.find_conversations($1, $2, $3, $4, $5, $6, $7)"};

Task<Reply> handle(Call call) {
  const wire::Fields query = query_fields(
      call, {"account_id", "tenant_id", "agent_id", "status", "search", "limit", "cursor"});
  std::optional<Uuid> account = query.optional_uuid("account_id");
  if (!account) account = query.optional_uuid("tenant_id");
  const auto status = query.optional_choice(
      "status", {"active", "escalated", "human_takeover", "closed", "archived"});
  const Cursor before = Cursor::read(query);
  pg::Params params(account, query.optional_uuid("agent_id"), status,
                    query.optional_string("search", kSearchCharsMax), read_page_limit(query),
                    before.at_us, before.id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/conversations",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The conversations of an agent or account",
          .handle = handle};
}

}  // namespace chatpad::functions::conversations::list

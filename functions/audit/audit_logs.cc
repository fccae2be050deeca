// GET /v1/admin/audit-logs: a page of an account's audit log, newest first. Without `tenant_id` the
// account is the caller's own.
#include "functions/shared/paging/cursor.h"
#include "functions/shared/team/audit_filters.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::audit::audit_logs {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_audit_logs",
                                   "select api.list_audit_logs($1, $2, $3, $4, $5)"};

Task<Reply> handle(Call call) {
  const wire::Fields query = audit_query(call);
  const std::optional<Uuid> account = audit_account(call, query);
  const Cursor before = Cursor::read(query);
  pg::Params params(account, read_audit_filters(query), read_page_limit(query), before.at_us,
                    before.id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/admin/audit-logs",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "A page of the audit log, filtered",
          .handle = handle};
}

}  // namespace chatpad::functions::audit::audit_logs

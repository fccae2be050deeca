// GET /v1/admin/audit-logs/exports/{id}: how far an export is.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::audit::audit_export_status {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_audit_export", "select api.get_audit_export($1)"};

Task<Reply> handle(Call call) {
  const std::optional<Uuid> id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::not_found);
  std::string body = co_await call.db().json(kStatement, pg::Params(id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/admin/audit-logs/exports/{id}",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "How far an export of the audit log is",
          .handle = handle};
}

}  // namespace chatpad::functions::audit::audit_export_status

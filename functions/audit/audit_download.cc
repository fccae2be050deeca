// GET /v1/admin/audit-logs/download?token=...: an export's content. The link is the credential; it
// is spent by the first request, whether or not that gets everything.
#include "functions/shared/team/secret.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::audit::audit_download {
using namespace chatpad::edge;

constexpr pg::Statement kOpen{"open_audit_export",
                              "select export_id, format, parts_total from "
                              "api.open_audit_export($1, $2)"};
constexpr pg::Statement kPart{"audit_export_part", "select api.audit_export_part($1, $2)"};

Task<Reply> handle(Call call) {
  const std::string token = call.query("token").value_or("");
  pg::Params params(secret_hash(token), origin_json(call));
  const pg::Rows opened = co_await call.service().rows(kOpen, std::move(params));
  if (opened.size() != 1) raise(Errc::not_found);
  const std::optional<Uuid> id = opened.uuid(0, 0);
  const std::string format = opened.str(0, 1);
  const int64_t parts = opened.integer(0, 2);
  const std::string disposition =
      "Content-Disposition: attachment; filename=\"audit-log." + format + "\"\r\n";
  Stream stream = call.start_stream(
      format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson", disposition);
  for (int64_t part = 0; part < parts; ++part) {
    const std::string content = co_await call.service().json(kPart, pg::Params(id, part));
    const bool room = stream.send(content);
    if (!room) co_await stream.drained();
  }
  co_return streamed();
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/admin/audit-logs/download",
          .auth = Auth::anyone,
          .body_bytes_max = 4_KiB,
          .rate = per_address(30, 60),
          .deadline_ms = 300'000,
          .summary = "The content of an export; the link works once",
          .handle = handle};
}

}  // namespace chatpad::functions::audit::audit_download

// POST /v1/admin/audit-logs/export: has an export of the audit log made. The answer names a link
// that works once, when the export is ready, for an hour.
#include "functions/shared/team/audit_filters.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::audit::audit_export {
using namespace chatpad::edge;

constexpr int kExportValidS = 3600;

struct Input {
  wire::Fields fields;
  std::string format;
  static Input read(const wire::Fields& f) {
    return {f, f.optional_choice("format", {"csv", "jsonl"}).value_or("csv")};
  }
};

constexpr pg::Statement kStatement{"request_audit_export",
                                   "select api.request_audit_export($1, $2, $3, $4, $5, $6)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const std::optional<Uuid> account = audit_account(call, input.fields);
  const Secret token = new_secret("");
  pg::Params params(account, input.format, read_audit_filters(input.fields), token.hash(),
                    kExportValidS, origin_json(call));
  const std::string made = co_await call.db().json(kStatement, std::move(params));
  const std::string link =
      call.context().config().public_url + "/v1/admin/audit-logs/download?token=" + token.text;
  wire::JsonWriter out;
  out.object().raw_field("export", made).field("download_url", link).end();
  co_return Reply(202, std::move(out).str());
}

Endpoint endpoint() {
  return {.path = "/v1/admin/audit-logs/export",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(10, 60),
          .summary = "Have an export of the audit log made",
          .handle = handle};
}

}  // namespace chatpad::functions::audit::audit_export

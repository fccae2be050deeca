// POST /functions/v1/export-leads: the newest leads of an account as CSV (RFC 4180), for a
// spreadsheet: what begins like a formula is made harmless.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::leads::export_leads {
using namespace chatpad::edge;

constexpr int kExportedLeadsMax = 10'000;

struct Input {
  Uuid account_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"export_leads", "select api.export_leads($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, kExportedLeadsMax);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  Reply reply = ok(std::move(body));
  reply.content_type = "text/csv; charset=utf-8";
  reply.header("Content-Disposition", "attachment; filename=\"leads.csv\"");
  co_return reply;
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(10, 60),
          .summary = "The newest leads of an account as CSV",
          .handle = handle};
}

}  // namespace chatpad::functions::leads::export_leads

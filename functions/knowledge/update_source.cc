// PUT /v1/knowledge/sources/{id}: another name, schedule or settings. What is left out stays.
#include "functions/shared/ingest/source_input.h"
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::update_source {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{
    "update_knowledge_source",
    "select api.update_knowledge_source($1, $2, $3, to_timestamp($4::bigint), $5)"};

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  const auto name = fields.optional_string("name", kSourceNameCharsMax);
  const Schedule schedule = read_schedule(fields);
  const auto settings = fields.optional_object("settings");
  std::optional<std::string> kept;
  if (settings) kept = read_crawl_settings(*settings);
  pg::Params params(id_of_path(call), name, schedule.text, schedule.next_s, kept);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::put,
          .path = "/v1/knowledge/sources/{id}",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(100, 10),
          .summary = "Change a source",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::update_source

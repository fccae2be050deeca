// POST /v1/knowledge/sources: a page (url) or the pages of a site (web_crawl) become knowledge.
#include "functions/shared/ingest/source_input.h"
#include "runtime/edge/endpoint.h"
#include "runtime/http/safe_fetch.h"

namespace chatpad::functions::knowledge::add_source {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{
    "add_knowledge_source",
    "select api.add_knowledge_source($1, $2, $3, $4, $5, $6, to_timestamp($7::bigint))"};

Task<Reply> handle(Call call) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  const Uuid agent_id = fields.uuid("agent_id");
  const std::string type = fields.choice("source_type", {"url", "web_crawl"});
  const std::string url =
      http::check_fetch_url(fields.string("url", 1, http::kFetchUrlBytesMax)).or_raise();
  const auto name = fields.optional_string("name", kSourceNameCharsMax);
  const auto given = fields.optional_object("settings");
  const wire::Fields settings = given ? *given : wire::Fields::parse("{}").or_raise();
  std::string kept = read_crawl_settings(settings);
  if (name && !name->empty())
    kept.insert(1, kept == "{}" ? R"("is_named":true)" : R"("is_named":true,)");
  const Schedule schedule = read_schedule(fields);
  pg::Params params(agent_id, type == "url" ? "url" : "site", url, name ? *name : url, kept,
                    schedule.text, schedule.next_s);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return Reply(202, std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/v1/knowledge/sources",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(60, 60),
          .summary = "Read a page or a site",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::add_source

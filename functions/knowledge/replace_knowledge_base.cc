// POST /api/chatbot/tenants/{tenantId}/knowledge-base: the questions and answers of an account's
// agent, all of them at once: those before answer until these are there.
#include "functions/shared/ingest/items.h"
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::replace_knowledge_base {
using namespace chatpad::edge;

constexpr pg::Statement kStore{"store_knowledge_items",
                               "select api.store_knowledge_items($1, $2, $3, $4)"};
constexpr pg::Statement kAgent{"knowledge_base_agent",
                               "select api.knowledge_base_agent($1, $2) ->> 'agentId'"};

// A bare list is taken as well.
wire::Fields read_body(std::string_view body) {
  std::string wrapped;
  if (body.starts_with('[')) {
    wrapped.append(R"({"knowledgeBase":)").append(body).append("}");
    body = wrapped;
  }
  return wire::Fields::parse(body).or_raise();
}

Task<Reply> handle(Call call) {
  const wire::Fields fields = read_body(call.request().body);
  if (!fields.has("knowledgeBase")) wire::refuse_field("knowledgeBase", "must be a list");
  ItemList items;
  for (const wire::Fields& entry : fields.object_list("knowledgeBase", kItemsMax)) {
    items.add_question(entry);
  }
  pg::Params which(id_of_path(call), fields.optional_uuid("agentId"));
  const std::string agent = co_await call.db().json(kAgent, std::move(which));
  pg::Params params(agent, std::move(items).json(), "replace", "faq");
  std::string body = co_await call.db().json(kStore, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/api/chatbot/tenants/{tenantId}/knowledge-base",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 8_MiB,
          .rate = per_caller(60, 60),
          .deadline_ms = 30'000,
          .summary = "Replace the questions and answers of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::replace_knowledge_base

// POST /functions/v1/create-widget-lead: a visitor leaves contact details. The lead is scored from
// what was given and said, stored with its reasons, and linked to the conversation (made if
// absent).
#include "functions/shared/scoring/lead_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::leads::create_widget_lead {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  std::optional<Uuid> conversation_id;
  LeadFields lead;
  static Input read(const wire::Fields& f) {
    Input in;
    in.agent_id = f.uuid("agentId");
    in.conversation_id = f.optional_uuid("conversationId");
    in.lead = LeadFields::read(f);
    return in;
  }
};

constexpr pg::Statement kContext{
    "lead_context",
    "select (c->>'messageCount')::int, (select coalesce(string_agg(t, E'\\n'), '') from "
    "jsonb_array_elements_text(c->'visitorTexts') t) from api.lead_context($1, $2) c"};
constexpr pg::Statement kCreate{"create_widget_lead",
                                "select api.create_widget_lead($1, $2, $3, $4, $5)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params context_params(input.agent_id, input.conversation_id);
  pg::Rows context = co_await call.db().rows(kContext, std::move(context_params));
  const ScoredLead scored = score(input.lead, context.str(0, 1), context.integer(0, 0));
  pg::Params params(input.agent_id, input.conversation_id, input.lead.json, scored.score,
                    scored.reasons_json);
  std::string body = co_await call.db().json(kCreate, std::move(params));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::visitor | Auth::api_key,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(20, 60),
          .summary = "Leave contact details; the lead is scored and linked to the conversation",
          .handle = handle};
}

}  // namespace chatpad::functions::leads::create_widget_lead

#include "functions/shared/scoring/lead_request.h"

#include "functions/shared/scoring/lead_score.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kShortCharsMax = 200;
constexpr size_t kMessageCharsMax = 4000;
constexpr size_t kCustomFieldsBytesMax = 16 * 1024;

}  // namespace

LeadFields LeadFields::read(const wire::Fields& fields) {
  LeadFields lead;
  lead.name = fields.optional_string("name", kShortCharsMax);
  lead.email = fields.optional_email("email");
  lead.phone = fields.optional_string("phone", 50);
  lead.company = fields.optional_string("company", kShortCharsMax);
  lead.job_title = fields.optional_string("jobTitle", kShortCharsMax);
  lead.message = fields.optional_string("message", kMessageCharsMax);
  const auto custom = fields.optional_object_text("customFields", kCustomFieldsBytesMax);
  if (!lead.name && !lead.email && !lead.phone) {
    wire::refuse_field("email", "must be given, or a phone number, or at least a name");
  }
  wire::JsonWriter json;
  json.object()
      .field("name", lead.name)
      .field("email", lead.email)
      .field("phone", lead.phone)
      .field("company", lead.company)
      .field("jobTitle", lead.job_title)
      .field("message", lead.message)
      .raw_field("customFields", custom.value_or("{}"))
      .end();
  lead.json = std::move(json).str();
  return lead;
}

ScoredLead score(const LeadFields& lead, std::string_view visitor_text, int64_t message_count) {
  scoring::LeadInput input;
  input.name = lead.name.value_or("");
  input.email = lead.email.value_or("");
  input.phone = lead.phone.value_or("");
  input.company = lead.company.value_or("");
  input.job_title = lead.job_title.value_or("");
  input.message = lead.message.value_or("");
  input.visitor_texts.emplace_back(visitor_text);
  input.message_count = static_cast<int>(message_count);
  const scoring::LeadScore result = scoring::score_lead(input);

  wire::JsonWriter reasons;
  reasons.array();
  for (const scoring::Reason& reason : result.reasons) {
    reasons.object()
        .field("criterion", reason.criterion)
        .field("points", reason.points)
        .field("note", reason.note)
        .end();
  }
  reasons.end();
  return {result.score, std::move(reasons).str()};
}

}  // namespace chatpad::functions

#include "functions/shared/leads/settings.h"

#include <algorithm>

#include "runtime/wire/fields.h"

namespace chatpad::leads {
namespace {

void read_int(const wire::Fields& fields, const char* name, int& value) {
  const auto given = fields.optional_integer(name, 0, 100);
  if (given) value = static_cast<int>(*given);
}

Settings read(const wire::Fields& fields) {
  Settings settings;
  if (const auto criteria = fields.optional_object("scoringCriteria")) {
    scoring::Weights& weights = settings.scoring.weights;
    read_int(*criteria, "contactInfoProvided", weights.contact_info_provided);
    read_int(*criteria, "budgetDisclosed", weights.budget_disclosed);
    read_int(*criteria, "timelineShared", weights.timeline_shared);
    read_int(*criteria, "decisionMakerRole", weights.decision_maker_role);
    read_int(*criteria, "engagementLevel", weights.engagement_level);
  }
  scoring::Thresholds& thresholds = settings.scoring.thresholds;
  if (const auto given = fields.optional_object("thresholds")) {
    read_int(*given, "leadCapture", thresholds.lead_capture);
    read_int(*given, "qualified", thresholds.qualified);
    read_int(*given, "salesReady", thresholds.sales_ready);
  }
  if (thresholds.lead_capture > thresholds.qualified ||
      thresholds.qualified > thresholds.sales_ready) {
    wire::refuse_field("leadSettings.thresholds",
                       "must not fall from leadCapture to qualified to salesReady");
  }
  for (const wire::Fields& item : fields.object_list("customQuestions", kQuestionsMax)) {
    Question question;
    question.id = item.string("id", 1, 60);
    question.text = item.string("question", 1, kQuestionCharsMax);
    question.trigger_score = static_cast<int>(item.integer("triggerScore", 0, 100));
    question.answer_weighting =
        static_cast<int>(item.optional_integer("answerWeighting", 0, 100).value_or(0));
    question.category = item.choice("category", {"budget", "timeline", "authority", "need"});
    const auto same = [&](const Question& other) { return other.id == question.id; };
    if (std::any_of(settings.questions.begin(), settings.questions.end(), same)) {
      wire::refuse_field("leadSettings.customQuestions",
                         "must have an id of its own for each question");
    }
    settings.questions.push_back(std::move(question));
  }
  return settings;
}

}  // namespace

Result<Settings> Settings::parse(std::string_view json) {
  wire::JsonLimits limits;
  limits.bytes_max = kLeadSettingsBytesMax;
  const Result<wire::Fields> fields = wire::Fields::parse(json, limits);
  if (!fields) return fields.error();
  try {
    return read(*fields);
  } catch (const Raised& wrong) {
    Error error = wrong.error();
    if (!error.details.starts_with("leadSettings")) error.details = "leadSettings." + error.details;
    return error;
  }
}

}  // namespace chatpad::leads

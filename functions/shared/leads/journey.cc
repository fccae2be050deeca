#include "functions/shared/leads/journey.h"

#include <algorithm>

#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::leads {
namespace {

constexpr std::array<std::string_view, 5> kCriteria = {"contactInfoProvided", "budgetDisclosed",
                                                       "timelineShared", "decisionMakerRole",
                                                       "engagementLevel"};
constexpr std::array<std::string_view, 4> kStages = {"discovery", "qualification", "demonstration",
                                                     "closing"};
constexpr size_t kFirstQuestionBytes = 200;
constexpr size_t kStateListMax = 60;

void take(std::string& known, const std::string& heard) {
  if (!heard.empty()) known = heard;
}

void take(std::vector<std::string>& known, const std::vector<std::string>& heard) {
  for (const std::string& one : heard) {
    if (known.size() < kListedMax && std::find(known.begin(), known.end(), one) == known.end()) {
      known.push_back(one);
    }
  }
}

void take(Entities& known, const Entities& heard) {
  take(known.name, heard.name);
  take(known.email, heard.email);
  take(known.phone, heard.phone);
  take(known.company, heard.company);
  take(known.job_title, heard.job_title);
  take(known.budget, heard.budget);
  take(known.timeline, heard.timeline);
  take(known.decision_makers, heard.decision_makers);
  take(known.pain_points, heard.pain_points);
  take(known.current_solutions, heard.current_solutions);
  take(known.requirements, heard.requirements);
}

void mark(Journey& journey, const Heard& heard, std::string kind) {
  const auto same = [&](const Moment& moment) { return moment.kind == kind; };
  if (std::any_of(journey.moments.begin(), journey.moments.end(), same)) return;
  if (journey.moments.size() < kMomentsMax)
    journey.moments.push_back({heard.message_id, std::move(kind), heard.at});
}

bool has_intent(const Journey& journey, std::string_view name) {
  return std::any_of(journey.intents.begin(), journey.intents.end(), [&](const Intent& intent) {
    return intent.name == name && intent.confidence >= 0.6;
  });
}

bool is_known(const Journey& journey, std::string_view category) {
  if (category == "budget") return journey.points[1] > 0;
  if (category == "timeline") return journey.points[2] > 0;
  if (category == "authority")
    return journey.points[3] > 0 || !journey.entities.decision_makers.empty();
  return !journey.entities.requirements.empty() || !journey.entities.pain_points.empty();
}

// Which stage the conversation has reached; it never goes back.
void advance(Journey& journey, const Settings& settings) {
  size_t reached = 0;
  if (journey.points[1] > 0 || journey.points[2] > 0 || journey.points[3] > 0 ||
      journey.score() >= settings.scoring.thresholds.lead_capture) {
    reached = 1;
  }
  if (has_intent(journey, "demo")) reached = 2;
  if (has_intent(journey, "purchase") && journey.score() >= settings.scoring.thresholds.qualified)
    reached = 3;
  const auto now = static_cast<size_t>(std::find(kStages.begin(), kStages.end(), journey.stage) -
                                       kStages.begin());
  journey.stage = kStages[std::max(reached, now < kStages.size() ? now : 0)];
}

void rescore(Journey& journey, const Heard& heard, const Settings& settings) {
  scoring::LeadInput input;
  input.name = journey.entities.name, input.email = journey.entities.email,
  input.phone = journey.entities.phone;
  input.company = journey.entities.company, input.job_title = journey.entities.job_title;
  input.visitor_texts = {heard.text};
  input.message_count = journey.messages;
  const scoring::LeadScore scored = scoring::score_lead(input, settings.scoring);
  for (size_t i = 0; i < journey.points.size(); ++i) {
    const scoring::Reason& reason = scored.reasons[i];
    if (reason.points <= journey.points[i] && !journey.notes[i].empty()) continue;
    if (reason.points > journey.points[i] && i != 4) mark(journey, heard, reason.criterion);
    journey.points[i] = reason.points;
    journey.notes[i] = reason.note;
  }
}

void answer_question(Journey& journey, const Heard& heard, const Settings& settings) {
  for (const Question& question : settings.questions) {
    if (question.id != journey.waiting) continue;
    const Entities said = extract(heard.text);
    const bool answers = (question.category == "budget" && !said.budget.empty()) ||
                         (question.category == "timeline" && !said.timeline.empty()) ||
                         (question.category == "authority" &&
                          (!said.decision_makers.empty() || !said.job_title.empty())) ||
                         (question.category == "need" && heard.text.size() >= 8);
    if (!answers) continue;
    journey.answered.push_back(question.id);
    journey.extra += question.answer_weighting;
    mark(journey, heard, "question:" + question.id);
  }
  journey.waiting.clear();
}

std::vector<std::string> list(const wire::Fields& fields, const char* name) {
  return fields.string_list(name, kStateListMax, 1000);
}

void write_list(wire::JsonWriter& out, const char* name, const std::vector<std::string>& items) {
  out.array(name);
  for (const std::string& item : items) out.value(item);
  out.end();
}

Journey read(const wire::Fields& f) {
  Journey journey;
  const auto text = [&](const char* name) { return f.optional_string(name, 4000).value_or(""); };
  Entities& e = journey.entities;
  e.name = text("name"), e.email = text("email"), e.phone = text("phone"),
  e.company = text("company");
  e.job_title = text("jobTitle"), e.budget = text("budget"), e.timeline = text("timeline");
  e.decision_makers = list(f, "decisionMakers"), e.pain_points = list(f, "painPoints");
  e.current_solutions = list(f, "currentSolutions"), e.requirements = list(f, "requirements");
  for (const wire::Fields& item : f.object_list("intents", kStateListMax)) {
    journey.intents.push_back({item.string("name", 1, 60), item.number("confidence", 0, 1)});
  }
  for (const wire::Fields& item : f.object_list("reasons", kCriteria.size())) {
    const std::string criterion = item.string("criterion", 1, 60);
    const auto at = static_cast<size_t>(std::find(kCriteria.begin(), kCriteria.end(), criterion) -
                                        kCriteria.begin());
    if (at == kCriteria.size()) continue;
    journey.points[at] = static_cast<int>(item.integer("points", 0, 100));
    journey.notes[at] = item.optional_string("note", 400).value_or("");
  }
  for (const wire::Fields& item : f.object_list("keyMoments", kMomentsMax)) {
    journey.moments.push_back(
        {item.string("messageId", 0, 60), item.string("kind", 1, 100), item.string("at", 0, 60)});
  }
  journey.asked = list(f, "asked"), journey.answered = list(f, "answered"),
  journey.waiting = text("waiting");
  journey.first_question = text("firstQuestion"), journey.stage = text("journeyStage");
  journey.extra = static_cast<int>(f.optional_integer("extra", 0, 2000).value_or(0));
  journey.messages = static_cast<int>(f.optional_integer("messages", 0, 1'000'000'000).value_or(0));
  return journey;
}

void write_reasons(wire::JsonWriter& out, const Journey& journey) {
  out.array("reasons");
  for (size_t i = 0; i < kCriteria.size(); ++i) {
    out.object()
        .field("criterion", kCriteria[i])
        .field("points", journey.points[i])
        .field("note", journey.notes[i])
        .end();
  }
  out.end();
}

void write_moments(wire::JsonWriter& out, const Journey& journey) {
  out.array("keyMoments");
  for (const Moment& moment : journey.moments) {
    out.object()
        .field("messageId", moment.message_id)
        .field("kind", moment.kind)
        .field("at", moment.at)
        .end();
  }
  out.end();
}

void write_intents(wire::JsonWriter& out, const Journey& journey) {
  out.array("intents");
  for (const Intent& intent : journey.intents) {
    out.object().field("name", intent.name).field("confidence", intent.confidence).end();
  }
  out.end();
}

void write_qualification(wire::JsonWriter& out, const Entities& e) {
  const auto text = [](const std::string& value) {
    return value.empty() ? std::optional<std::string>() : value;
  };
  out.field("budget", text(e.budget)).field("timeline", text(e.timeline));
  write_list(out, "decisionMakers", e.decision_makers);
  write_list(out, "painPoints", e.pain_points);
  write_list(out, "currentSolutions", e.current_solutions);
  write_list(out, "requirements", e.requirements);
}

void write_contact(wire::JsonWriter& out, const Entities& e) {
  const auto text = [](const std::string& value) {
    return value.empty() ? std::optional<std::string>() : value;
  };
  out.field("name", text(e.name)).field("email", text(e.email)).field("phone", text(e.phone));
  out.field("company", text(e.company)).field("jobTitle", text(e.job_title));
}

}  // namespace

Journey Journey::parse(std::string_view json) {
  const Result<wire::Fields> fields = wire::Fields::parse(json);
  if (!fields) return {};
  try {
    Journey journey = read(*fields);
    if (std::find(kStages.begin(), kStages.end(), journey.stage) == kStages.end())
      journey.stage = kStages[0];
    return journey;
  } catch (const Raised&) {
    return {};
  }
}

std::string Journey::json() const {
  wire::JsonWriter out;
  out.object();
  write_contact(out, entities);
  write_qualification(out, entities);
  write_intents(out, *this);
  write_reasons(out, *this);
  write_moments(out, *this);
  write_list(out, "asked", asked);
  write_list(out, "answered", answered);
  out.field("waiting", waiting).field("firstQuestion", first_question).field("journeyStage", stage);
  out.field("extra", extra).field("messages", messages).end();
  return std::move(out).str();
}

int Journey::score() const {
  int sum = extra;
  for (const int one : points) sum += one;
  return std::clamp(sum, 0, 100);
}

std::string Journey::summary() const {
  std::string text = std::to_string(messages) + (messages == 1 ? " message." : " messages.");
  std::string wants;
  for (const Intent& intent : intents) {
    if (intent.name != "information") wants += (wants.empty() ? "" : ", ") + intent.name;
  }
  if (!wants.empty()) text += " Interested in: " + wants + ".";
  if (!first_question.empty()) text += " Began with: \u201c" + first_question + "\u201d.";
  const auto add = [&](const char* word, const std::string& value) {
    if (!value.empty()) text += std::string(" ") + word + ": \u201c" + value + "\u201d.";
  };
  add("Budget", entities.budget);
  add("Time", entities.timeline);
  if (!entities.requirements.empty()) add("Needs", entities.requirements.front());
  if (!entities.pain_points.empty()) add("Trouble", entities.pain_points.front());
  size_t end = std::min(text.size(), kSummaryBytesMax);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return text.substr(0, end);
}

void hear(Journey& journey, const Heard& heard, const Settings& settings) {
  // Messages before it left nothing behind when nothing is known at a later one.
  if (journey.first_question.empty() && heard.messages <= 1) {
    size_t end = std::min(heard.text.size(), kFirstQuestionBytes);
    while (end < heard.text.size() && end > 0 &&
           (static_cast<unsigned char>(heard.text[end]) & 0xc0) == 0x80)
      --end;
    journey.first_question = heard.text.substr(0, end);
  }
  journey.messages = std::max(journey.messages, heard.messages);
  take(journey.entities, extract(heard.text));
  for (const Intent& intent : intents_of(heard.text)) {
    const auto known = std::find_if(journey.intents.begin(), journey.intents.end(),
                                    [&](const Intent& other) { return other.name == intent.name; });
    if (known == journey.intents.end()) {
      journey.intents.push_back(intent);
    } else {
      known->confidence = std::max(known->confidence, intent.confidence);
    }
    if (intent.confidence >= 0.9) mark(journey, heard, intent.name);
  }
  rescore(journey, heard, settings);
  answer_question(journey, heard, settings);
  advance(journey, settings);
}

void note(Journey& journey, const Entities& read, const Heard& heard, const Settings& settings) {
  take(journey.entities, read);
  rescore(journey, heard, settings);
  advance(journey, settings);
}

const Question* next_question(const Journey& journey, const Settings& settings) {
  if (!journey.waiting.empty()) return nullptr;
  for (const Question& question : settings.questions) {
    const bool was_asked =
        std::find(journey.asked.begin(), journey.asked.end(), question.id) != journey.asked.end();
    if (!was_asked && journey.score() >= question.trigger_score &&
        !is_known(journey, question.category))
      return &question;
  }
  return nullptr;
}

std::string lead_json(const Journey& journey) {
  wire::JsonWriter out;
  out.object();
  write_contact(out, journey.entities);
  out.field("score", journey.score());
  write_reasons(out, journey);
  write_intents(out, journey);
  out.field("summary", journey.summary()).field("journeyStage", journey.stage);
  write_moments(out, journey);
  out.object("qualification");
  write_qualification(out, journey.entities);
  out.end().end();
  return std::move(out).str();
}

}  // namespace chatpad::leads

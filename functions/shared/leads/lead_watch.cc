#include "functions/shared/leads/lead_watch.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kNote{"note_lead", "select api.note_lead($1, $2, $3, $4)"};

leads::Settings settings_of(std::string_view json) {
  auto settings = leads::Settings::parse(json);
  if (settings) return settings.value();
  log::Line(LogLevel::warn, "lead_settings_not_valid").field("field", settings.error().details);
  return {};
}

}  // namespace

LeadWatch::LeadWatch(std::string_view settings_json, std::string_view state_json, bool has_lead,
                     leads::Heard heard)
    : settings_(settings_of(settings_json)),
      journey_(leads::Journey::parse(state_json)),
      heard_(std::move(heard)),
      has_lead_(has_lead) {
  leads::hear(journey_, heard_, settings_);
}

std::vector<std::string> LeadWatch::capture(const leads::Entities& claimed,
                                            std::string_view earlier) {
  const leads::Entities read = leads::confirmed(claimed, heard_.text + "\n" + std::string(earlier));
  std::vector<std::string> taken;
  const auto tell = [&taken](const char* name, bool there) {
    if (there) taken.emplace_back(name);
  };
  tell("name", !read.name.empty());
  tell("email", !read.email.empty());
  tell("phone", !read.phone.empty());
  tell("company", !read.company.empty());
  tell("job_title", !read.job_title.empty());
  tell("budget", !read.budget.empty());
  tell("timeline", !read.timeline.empty());
  tell("need", !read.requirements.empty());
  if (!taken.empty()) leads::note(journey_, read, heard_, settings_);
  return taken;
}

std::string LeadWatch::question() {
  const leads::Question* next = leads::next_question(journey_, settings_);
  if (!next) return {};
  journey_.asked.push_back(next->id);
  journey_.waiting = next->id;
  return "\n\n" + next->text;
}

// Somebody who only asks for opening hours leaves nothing behind.
bool LeadWatch::worth_noting() const {
  const auto& points = journey_.points;
  const auto& e = journey_.entities;
  const bool wants = std::any_of(journey_.intents.begin(), journey_.intents.end(),
                                 [](const leads::Intent& intent) {
                                   return intent.name == "purchase" || intent.name == "demo" ||
                                          intent.name == "pricing" || intent.name == "booking";
                                 });
  return has_lead_ || wants || points[0] + points[1] + points[2] + points[3] > 0 ||
         !journey_.asked.empty() || !e.requirements.empty() || !e.pain_points.empty() ||
         !e.current_solutions.empty() || journey_.stage != "discovery";
}

bool LeadWatch::captures() const {
  return journey_.entities.has_contact() &&
         journey_.score() >= settings_.scoring.thresholds.lead_capture;
}

Task<bool> note_lead(edge::Context& context, pg::Claims claims, std::string conversation_id,
                     std::shared_ptr<LeadWatch> watch) {
  if (!watch->worth_noting()) co_return watch->has_lead();
  std::string state = watch->journey().json();
  std::string lead = leads::lead_json(watch->journey());
  pg::Params params(conversation_id, state, lead, watch->captures());
  pg::Rows rows = co_await context.service_pool().once(std::move(claims), kNote, std::move(params));
  co_return rows.size() == 1 && rows.boolean(0, 0);
}

}  // namespace chatpad::functions

#include "functions/shared/safety/answer_guard.h"

#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kNote{"note_safety", "select api.note_safety($1, $2, $3, $4, $5, $6, $7)"};

// "https://shop.example:8443" as its host; a star stands for any name below it.
std::string host_of_origin(std::string_view origin) {
  const size_t scheme = origin.find("://");
  if (scheme != origin.npos) origin.remove_prefix(scheme + 3);
  if (origin.starts_with("*.")) origin.remove_prefix(2);
  return std::string(origin);
}

}  // namespace

std::shared_ptr<const safety::Policy> Policies::of(const std::string& settings) {
  const auto found = kept_.find(settings);
  if (found != kept_.end()) return found->second;
  auto policy = safety::Policy::parse(settings);
  if (!policy) {
    log::Line(LogLevel::warn, "safety_settings_not_valid").field("field", policy.error().details);
    policy = safety::Policy::parse("{}");
  }
  if (kept_.size() >= kPoliciesMax) kept_.clear();
  kept_[settings] = policy.value();
  return policy.value();
}

AnswerGuard::AnswerGuard(std::shared_ptr<const safety::Policy> policy, safety::Known known)
    : policy_(policy), known_(known), guard_(std::move(policy), std::move(known)) {}

safety::Decision AnswerGuard::admit(ai::Prompt& prompt) {
  decision_ = guard_.ask(prompt.question);
  prompt.question = guard_.for_model(prompt.question);
  for (ai::Turn& turn : prompt.history) {
    if (turn.role == "visitor") turn.content = guard_.earlier(turn.content);
  }
  return decision_;
}

std::string AnswerGuard::document(const chatpad::knowledge::Passage& passage,
                                  std::string_view text) {
  return guard_.for_model(guard_.document(passage.source_id, passage.title, text));
}

// What was held back; after a stop, once, why there is no more.
std::string AnswerGuard::finish() {
  std::string rest = guard_.finish();
  if (!guard_.stopped() || refusal_said_) return rest;
  refusal_said_ = true;
  return "\n\n" + guard_.refusal();
}

std::string AnswerGuard::apart(std::string_view words) const {
  safety::Guard guard(policy_, known_);
  guard.suspect();
  std::string shown = guard.feed(words);
  shown += guard.finish();
  return guard.stopped() ? std::string() : shown;
}

void AnswerGuard::call_person() {
  decision_.escalate = true;
  if (decision_.reason.empty()) decision_.reason = "assistant";
  if (decision_.priority.empty()) decision_.priority = "normal";
}

std::vector<std::string> AnswerGuard::events(std::string_view message_id) {
  std::vector<std::string> events;
  for (const std::string& reason : guard_.take_notices()) {
    wire::JsonWriter event;
    event.object()
        .field("type", "safety")
        .field("reason", reason)
        .field("messageId", message_id)
        .end();
    events.push_back(std::move(event).str());
  }
  return events;
}

bool AnswerGuard::noteworthy() const {
  return decision_.escalate || !guard_.input_flags().empty() || !guard_.output_flags().empty();
}

std::string AnswerGuard::log_text(const std::string& cause) const {
  return policy_->redact_in_logs ? safety::for_log(cause) : cause;
}

std::shared_ptr<AnswerGuard> guard_of(edge::Context& context, const std::string& settings,
                                      const std::vector<std::string>& origins,
                                      const ai::Prompt& prompt) {
  safety::Known known;
  known.instructions = prompt.instructions;
  known.escalation_message = prompt.escalation_message;
  known.visitor_text = prompt.question;
  for (const ai::Turn& turn : prompt.history) {
    if (turn.role == "visitor") known.visitor_text += "\n" + turn.content;
  }
  for (const std::string& origin : origins) known.hosts.push_back(host_of_origin(origin));
  known.hosts.push_back(host_of_origin(context.config().public_url));
  // What the asker may not see is not known: else an answer would tell that it is there.
  known.in_knowledge = [index = prompt.knowledge, who = prompt.audience](std::string_view text) {
    return index && index->mentions(text, who);
  };
  return std::make_shared<AnswerGuard>(context.local<Policies>().of(settings), std::move(known));
}

Task<void> note_safety(edge::Context& context, pg::Claims claims, Answered answered,
                       std::shared_ptr<AnswerGuard> guard) {
  std::string input = safety::flags_json(guard->guard().input_flags());
  std::string output = safety::flags_json(guard->guard().output_flags());
  std::optional<std::string> reason;
  if (guard->decision().escalate) reason = guard->decision().reason;
  pg::Params params(answered.conversation_id, answered.question_id, answered.answer_id, input,
                    output, reason, guard->decision().priority);
  co_await context.service_pool().once(std::move(claims), kNote, std::move(params));
}

}  // namespace chatpad::functions

// The guard of one running answer, between what an answer knows (functions/shared/ai) and what
// safety decides (guard.h).
//
//   auto guard = guard_of(context, settings, origins, prompt);
//   const safety::Decision decision = guard->admit(prompt);   // the prompt may be changed
//   guard->feed(piece) ... guard->finish()                     // what the visitor may see of it
//   guard->events(message_id)                                  // `safety` events to send now
//   co_await note_safety(context, claims, answered, guard);    // when noteworthy(): stores it
//
// Settings that cannot be read count as the default ones. Policies are kept per loop by their text.
// Errors: those of the database, from note_safety. Limits: kPoliciesMax.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "functions/shared/ai/provider.h"
#include "functions/shared/safety/guard.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr size_t kPoliciesMax = 500;

class Policies {
 public:
  explicit Policies(edge::Context&) {}
  std::shared_ptr<const safety::Policy> of(const std::string& settings);

 private:
  std::unordered_map<std::string, std::shared_ptr<const safety::Policy>> kept_;
};

class AnswerGuard {
 public:
  AnswerGuard(std::shared_ptr<const safety::Policy> policy, safety::Known known);

  safety::Decision admit(ai::Prompt& prompt);
  std::string document(const chatpad::knowledge::Passage& passage, std::string_view text);
  std::string feed(std::string_view piece) { return guard_.feed(piece); }
  std::string finish();
  bool stopped() const { return guard_.stopped(); }
  // Words that are shown apart from the answer, as they may be shown; empty: not at all.
  std::string apart(std::string_view words) const;
  // The model asks for a person.
  void call_person();
  std::vector<std::string> events(std::string_view message_id);
  // Flags to store, or a person to call.
  bool noteworthy() const;
  std::string lead_text(std::string_view said) const { return safety::for_lead(*policy_, said); }
  std::string log_text(const std::string& cause) const;

  const safety::Guard& guard() const { return guard_; }
  const safety::Decision& decision() const { return decision_; }

 private:
  std::shared_ptr<const safety::Policy> policy_;
  safety::Known known_;
  safety::Guard guard_;
  safety::Decision decision_;
  bool refusal_said_ = false;
};

// `origins` are the sites that may show the agent: ["https://shop.example", ...].
std::shared_ptr<AnswerGuard> guard_of(edge::Context& context, const std::string& settings,
                                      const std::vector<std::string>& origins,
                                      const ai::Prompt& prompt);

struct Answered {
  Answered(std::string conversation, std::string question, std::string answer)
      : conversation_id(std::move(conversation)),
        question_id(std::move(question)),
        answer_id(std::move(answer)) {}
  std::string conversation_id;
  std::string question_id;
  std::string answer_id;
};
Task<void> note_safety(edge::Context& context, pg::Claims claims, Answered answered,
                       std::shared_ptr<AnswerGuard> guard);

}  // namespace chatpad::functions

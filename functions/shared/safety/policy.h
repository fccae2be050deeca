// An agent's safety settings: what is looked for, and what happens then.
//
// For: reading agents.safety, when it is saved (update-agent, update-safety) and for every answer.
// The names are those of the tenant configuration that the API documents. What is left out has the
// default below; an empty object is the default policy. Immutable, shared between answers.
// Errors: parse() gives validation_failed naming the field. Limits: below and rules.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/safety/rules.h"
#include "functions/shared/safety/scan.h"
#include "functions/shared/safety/topics.h"

namespace chatpad::safety {

constexpr size_t kSettingsBytesMax = 32 * 1024;
constexpr size_t kTopicsMax = 30;
constexpr size_t kPhrasesMax = 50;
constexpr size_t kPhraseCharsMax = 100;
constexpr size_t kHostsMax = 50;
constexpr size_t kSentenceCharsMax = 1000;  // of a message to a visitor

enum class Injection : uint8_t { off, flag, block };

struct Escalation {
  std::string topic;
  bool answer_too = false;  // escalate_with_context: the assistant answers as well
  std::string message;
  std::string priority;  // low, normal, high, urgent
};

struct Policy {
  Injection injection = Injection::block;
  bool protect_instructions = true;
  uint32_t pii = 0b111111;  // bit per Kind of the six; which are looked for
  bool redact_in_logs = true;
  bool redact_in_model_input = false;
  bool redact_in_model_output = true;
  bool redact_in_storage = false;  // in what is kept of a visitor's message
  bool scan_model_output = true;   // for secrets
  uint32_t blocked = 0;            // bit per Kind: "credit card numbers" among the block patterns
  uint32_t warned = 0;
  std::shared_ptr<const RuleSet> rules;  // null: none
  std::vector<Topic> topics;             // with phrases of the agent's own
  std::vector<std::string> disallowed;
  std::vector<Escalation> escalations;
  bool human_handoff = true;    // a visitor who asks for a person gets one
  Topic handoff_keywords;       // words that count as asking
  std::string refusal_message;  // empty: the sentence of guard.cc
  std::vector<std::string> link_hosts;

  bool looks_for(Kind kind) const { return (pii >> static_cast<int>(kind) & 1U) != 0; }
  bool blocks(Kind kind) const { return (blocked >> static_cast<int>(kind) & 1U) != 0; }
  bool warns(Kind kind) const { return (warned >> static_cast<int>(kind) & 1U) != 0; }
  Topic topic(std::string_view name) const;

  static Result<std::shared_ptr<const Policy>> parse(std::string_view json);
};

}  // namespace chatpad::safety

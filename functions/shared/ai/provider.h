// Provider: whoever writes the answer. One interface for the built-in extractive answers, the
// scripted one of the tests, and the language models.
//
// start() makes one answer. next() gives its text piece by piece and std::nullopt at the end.
// outcome() may be asked at any time: it says what is known so far, also of an answer that is given
// up. Destroying the Answer cancels it, closing whatever is upstream.
// Errors, raised by next(): upstream_failed, deadline_exceeded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/ai/agent_settings.h"
#include "functions/shared/knowledge/index.h"
#include "functions/shared/leads/extract.h"
#include "functions/shared/secret/own_keys.h"
#include "runtime/coro/task.h"

namespace chatpad::functions::ai {

struct Turn {
  std::string role;  // visitor, assistant, human
  std::string content;
};

struct Searched;

struct Prompt {
  std::string account_id;
  std::string agent_name;
  std::string instructions;
  std::string client_instructions;  // of an API client, for this answer
  std::string fallback_message;
  std::string escalation_message;  // when a topic goes to a person and has no words of its own
  std::string manner;  // tone, length and language the agent is to keep to, as sentences
  std::string question;
  std::vector<Turn> history;  // oldest first
  std::shared_ptr<const chatpad::knowledge::Index> knowledge;
  chatpad::knowledge::Audience audience;  // what of it the asker may be told
  std::vector<float> meaning;             // the question's vector, where there is one (library.h)
  std::shared_ptr<const Searched> found;  // what a worker has found already (searched.h)
  AgentSettings settings;
  // What of a passage may be given to a model: its text, changed, or empty to leave it out. Unset:
  // everything.
  std::function<std::string(const chatpad::knowledge::Passage& passage, std::string_view text)>
      screen_passage;
  // What a service said of a failure may quote the visitor. Unset: logged as it is.
  std::function<std::string(const std::string& words)> for_log;
  // Words of a model that are shown beside its answer, as they may be shown. Unset: not at all.
  std::function<std::string(const std::string& words)> screen_words;
  // What clients hear of a tool: tool_call or tool_result, with its data. Unset: nothing.
  std::function<void(std::string type, std::string data)> on_tool;
  std::function<void()> call_person;  // for the tool request_human; unset: there is none
  // For the tool capture_lead: the names of what was taken of it. Unset: there is none.
  std::function<std::vector<std::string>(const leads::Entities& claimed)> capture_lead;
  OwnKeys own_keys = OwnKeys::maybe;
  KeyOwner key_owner() const { return {account_id, own_keys}; }
  bool tools_enabled = true;  // an API client may want none for this answer
  Sampling client_sampling;   // what an API client wants for this answer; 0 tokens: the agent's
};

struct Outcome {
  std::string citations_json = "[]";  // array of the citation objects of design section 8
  std::string provider = "builtin";
  std::string model;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  std::optional<int64_t> cost_micros;  // nullopt: nobody knows the price
  bool estimated = false;              // the tokens: the service did not count them
  bool length_reached = false;         // the answer ends because it may not be longer
  bool from_knowledge = false;         // false: the fallback, nothing matched
  int attempts = 0;                    // requests that went out for this answer
};

class Answer {
 public:
  virtual ~Answer() = default;
  virtual Task<std::optional<std::string>> next() = 0;
  virtual Outcome outcome() const = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::unique_ptr<Answer> start(Prompt prompt) = 0;
};

}  // namespace chatpad::functions::ai

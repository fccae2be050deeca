// Provider: whoever writes the answer. One interface for the built-in extractive answers, the
// scripted one of the tests, and (step 5) the language models.
//
// start() makes one answer. next() gives its text piece by piece and std::nullopt at the end;
// outcome() is valid after that. Destroying the Answer cancels it, closing whatever is upstream.
// Errors: upstream_failed, deadline_exceeded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "functions/shared/knowledge/index.h"
#include "runtime/coro/task.h"

namespace chatpad::functions::ai {

struct Turn {
  std::string role;  // visitor, assistant, human
  std::string content;
};

struct Prompt {
  std::string agent_name;
  std::string instructions;
  std::string fallback_message;
  std::string question;
  std::vector<Turn> history;  // oldest first
  std::shared_ptr<const chatpad::knowledge::Index> knowledge;
};

struct Outcome {
  std::string citations_json = "[]";  // array of the citation objects of design section 8
  std::string model;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  bool from_knowledge = false;  // false: the fallback, nothing matched
};

class Answer {
 public:
  virtual ~Answer() = default;
  virtual Task<std::optional<std::string>> next() = 0;
  virtual const Outcome& outcome() const = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::unique_ptr<Answer> start(Prompt prompt) = 0;
};

}  // namespace chatpad::functions::ai

// What a client sends to POST /v1/chat/completions: OpenAI's request, or the shorter one of our
// own.
//
// With `model` it is OpenAI's and is answered in that format, chunks included; without, streams are
// the events of widget-chat. `format` ("openai", "events") says it outright. Parameters that an
// agent cannot honour (tools, n, response_format, stop, logprobs) are refused rather than ignored;
// the ones that make no difference to what is said (user, seed, metadata, store) are not looked at.
// Pure; errors are validation_failed and name the field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "functions/shared/ai/provider.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr size_t kCompletionMessagesMax = 200;
constexpr size_t kCompletionTextMax = 65'536;  // of one message that is not the question
constexpr size_t kQuestionCharsMax = 8'000;

enum class CompletionFormat : uint8_t { openai, events };

struct CompletionRequest {
  std::string model;  // as given; empty: the account's only agent
  std::optional<Uuid> conversation_id;
  std::string instructions;  // of system and developer messages
  std::vector<ai::Turn> history;
  std::string question;  // the last message, which is the user's
  bool stream = false;
  bool include_usage = false;
  bool tools_enabled = true;  // the agent's own; a request brings none
  CompletionFormat format = CompletionFormat::openai;
  ai::Sampling sampling;  // 0 tokens: as the agent has it

  static CompletionRequest read(const wire::Fields& fields);
};

}  // namespace chatpad::functions

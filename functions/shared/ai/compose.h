// What a language model is asked for one answer: the agent's instructions, what its knowledge says
// to the question, the conversation so far and the question, within the agent's token budget.
//
// The instructions and the question are always whole. Passages are numbered, stand as JSON behind a
// sentence that says they are data and whose, and never among the instructions: what a document
// says is no order. Of the conversation the newest turns are kept word by word; older ones that
// matter (from a person of the team, or with an address or number in them) are kept when they fit,
// and what is left out is summed up in a line each, which stands beside the passages, as JSON too:
// what a visitor wrote is no order either. Tokens are estimated (prices.h). Pure.
#pragma once

#include <string>
#include <vector>

#include "functions/shared/ai/model_request.h"
#include "functions/shared/ai/provider.h"
#include "functions/shared/knowledge/index.h"

namespace chatpad::functions::ai {

constexpr size_t kPassagesGivenMax = 8;
constexpr size_t kSummaryLinesMax = 20;
constexpr size_t kSummaryLineBytesMax = 160;

struct Composed {
  ModelRequest request;                               // its model is not set yet
  std::vector<chatpad::knowledge::Passage> passages;  // as numbered, from 0
};

Composed compose(const Prompt& prompt);

// The passages to give, best first, at most `tokens_max` together.
std::vector<chatpad::knowledge::Passage> passages_for(const Prompt& prompt, int64_t tokens_max);

// A passage as the model gets it, numbered from 1: a line of JSON.
std::string passage_line(const chatpad::knowledge::Passage& passage, size_t number);

// The conversation as messages, at most `tokens_max`, with a summary of what had to be left out.
struct History {
  std::vector<ModelMessage> messages;
  std::string summary;  // empty: nothing was left out
};
History history_for(const std::vector<Turn>& turns, int64_t tokens_max, int64_t summary_after);

// The citation objects of the passages that were named.
std::string citations_of(const std::vector<chatpad::knowledge::Passage>& passages,
                         const std::vector<size_t>& cited);

}  // namespace chatpad::functions::ai

// Tools: what a language model may ask for while it writes an answer, where its agent allows it.
//
//   search_knowledge {query}   more passages, found under the asker's rights; changes nothing
//   request_human {}           the conversation waits for a person
//   capture_lead {name, ...}   what the visitor has written about themselves is noted
//
// Nothing is run because a document says so. A tool that does something is offered, and run, only
// while the model has been given no text of a document: no passage, and no earlier answer, which
// may quote one. What is noted of a visitor has to stand in their own words, so that it may be
// offered beside documents. Searching stays within what the asker may see, and its results are
// screened like all passages. What clients are told of a call has gone through the guard of the
// answer. Pure. Limits: below. docs/models.md describes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/ai/model_request.h"
#include "functions/shared/ai/provider.h"

namespace chatpad::functions::ai {

constexpr int kToolRoundsMax = 3;  // of one answer; then it has to be written
constexpr size_t kToolQueryCharsMax = 500;
constexpr size_t kToolLeadCharsMax = 160;  // of each thing it says of the visitor

// What this agent's model may be offered now. `passages`: that it has been given.
std::vector<ToolOffer> tools_for(const Prompt& prompt, size_t passages);

// The query of a search; empty: the arguments are none.
std::string query_of(const ToolCall& call);

// What it says of the visitor; what is no text of a sensible length is left out.
leads::Entities lead_of(const ToolCall& call);

// What is asked for a query: of the same knowledge, for the same people, screened alike.
Prompt prompt_for_query(const Prompt& prompt, std::string query);

// Leaves out what is among `given`.
void drop_given(std::vector<chatpad::knowledge::Passage>& found,
                const std::vector<chatpad::knowledge::Passage>& given);

// {type: "tool_call", tool, args} and {type: "tool_result", tool, result}, as clients hear of it.
std::string tool_call_event(std::string_view tool, std::string_view args_json);
std::string tool_result_event(std::string_view tool, std::string_view result_json);

}  // namespace chatpad::functions::ai

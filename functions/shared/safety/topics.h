// What a visitor's message is about, as far as it matters to what an assistant may talk of.
//
// For: disallowed topics and topics that go to a person (policy.h). Built-in topics have phrases in
// English, German, French and Spanish; an agent adds topics of its own, or phrases to these. Words
// are compared folded (text/fold.h), whole words only. Pure. No irony is understood, and a phrase
// within another meaning is met all the same; that is why a built-in phrase is specific.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::safety {

struct Topic {
  std::string name;
  std::vector<std::string> phrases;
};

// Names that need no phrases: illegal_activity, self_harm_instructions, weapons_manufacturing,
// competitor_disparagement, stock_price_predictions, medical_diagnosis, legal_advice, complaint.
bool is_built_in_topic(std::string_view name);
std::vector<std::string_view> built_in_topics();

// Is the message about this topic? Built-in phrases count beside the topic's own.
bool is_about(std::string_view message, const Topic& topic);

}  // namespace chatpad::safety

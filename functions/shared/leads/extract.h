// What a visitor says about themselves and wants, read by rules: who they are, how to reach them,
// what they have, need and mean to spend, and when.
//
// For: journey.h. English, German and French phrases; contact details in any language. Only what
// the words themselves say is taken, and only what fits the limits of a lead. Pure; no model.
// Owner: nobody. Errors: none. Limits: kExtractBytesMax of the text are read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatpad::leads {

constexpr size_t kExtractBytesMax = 16 * 1024;
constexpr size_t kListedMax = 5;  // pain points, requirements and the like that are kept
constexpr size_t kPhraseBytesMax = 160;

struct Entities {
  std::string name, email, phone, company, job_title;
  std::string budget, timeline;  // the words they stand in
  std::vector<std::string> decision_makers, pain_points, current_solutions, requirements;
  bool has_contact() const { return !email.empty() || !phone.empty(); }
};

struct Intent {
  std::string name;  // purchase, demo, pricing, booking, support, complaint, human, information
  double confidence = 0;
};

Entities extract(std::string_view text);
// Of what somebody claims to have read in a visitor's words: the values that stand there, word by
// word, and are what they are called.
Entities confirmed(const Entities& claimed, std::string_view words);
// Most confident first; several may be meant at once. `information` when nothing else is.
std::vector<Intent> intents_of(std::string_view text);

}  // namespace chatpad::leads

// What is known of a conversation as a possible sale, message by message: entities, intents, score
// with reasons, stage, summary, the moments that mattered, and which question to ask next.
//
// For: lead_watch.h, which keeps it in the database between messages (private.lead_states). What
// was known is never forgotten and the stage only goes forward; the score of a criterion is the
// best it ever was. A question counts as answered by the message after it, when that says something
// of its category. Pure. Errors: parse() of a state that cannot be read gives an empty one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/leads/extract.h"
#include "functions/shared/leads/settings.h"

namespace chatpad::leads {

constexpr size_t kMomentsMax = 20;
constexpr size_t kSummaryBytesMax = 1000;

struct Moment {
  std::string message_id;
  std::string kind;  // a criterion, an intent, or question:<id>
  std::string at;
};

struct Journey {
  Entities entities;
  std::vector<Intent> intents;  // the most confident ever was, by name
  std::array<int, 5> points{};  // by criterion, in the order of scoring::Weights
  std::array<std::string, 5> notes{};
  std::vector<std::string> asked;  // ids of questions
  std::vector<std::string> answered;
  std::string waiting;         // the question whose answer comes next
  std::string first_question;  // what the visitor began with
  int extra = 0;               // what answers to questions added
  int messages = 0;            // of the visitor
  std::vector<Moment> moments;
  std::string stage = "discovery";  // qualification, demonstration, closing

  static Journey parse(std::string_view json);
  std::string json() const;

  int score() const;
  std::string summary() const;
};

struct Heard {
  std::string message_id;
  std::string at;
  std::string text;
  int messages = 0;  // of the visitor, this one included
};

// After a message of the visitor.
void hear(Journey& journey, const Heard& heard, const Settings& settings);
// After somebody has read more in that message than hear() did (extract.h, confirmed()).
void note(Journey& journey, const Entities& read, const Heard& heard, const Settings& settings);
// The question to ask now; nullptr when there is none. At most one waits for its answer.
const Question* next_question(const Journey& journey, const Settings& settings);

// As SQL stores a lead: contactInfo, qualificationData, conversationContext, score, reasons.
std::string lead_json(const Journey& journey);

}  // namespace chatpad::leads

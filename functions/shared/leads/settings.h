// How an agent scores and questions its leads: weights, thresholds, questions. The names are those
// of the lead scoring configuration that the API documents; what is left out has the default.
//
// For: reading agents.lead_settings, when it is saved and for every answer. Immutable.
// Errors: parse() gives validation_failed naming the field. Limits: below.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/scoring/lead_score.h"
#include "runtime/base/error.h"

namespace chatpad::leads {

constexpr size_t kQuestionsMax = 20;
constexpr size_t kQuestionCharsMax = 300;
constexpr size_t kLeadSettingsBytesMax = 16 * 1024;

struct Question {
  std::string id;
  std::string text;
  int trigger_score = 0;     // asked once the score is so high
  int answer_weighting = 0;  // what an answer adds
  std::string category;      // budget, timeline, authority, need
};

struct Settings {
  scoring::Config scoring;
  std::vector<Question> questions;

  static Result<Settings> parse(std::string_view json);
};

}  // namespace chatpad::leads

// Reads budget, timeline and say in a purchase out of what a visitor wrote.
//
// For: lead_score.h. Each reader gives a share from 0 to 1 and a note. They look for words, amounts
// and dates near each other; they do not understand irony.
// Owner: nobody; pure. Errors: none. Limits: the caller bounds the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatpad::scoring {

struct Signal {
  double share = 0;  // of the criterion's points
  std::string note;
};

Signal read_budget(std::string_view text);
Signal read_timeline(std::string_view text);
Signal read_role(std::string_view job_title, std::string_view text);

/// Interest beyond a question: a quote, a demo, a trial, buying.
bool shows_intent(std::string_view text);

}  // namespace chatpad::scoring

// Scores a lead from 0 to 100 by five criteria and says why.
//
// For: create_widget_lead, and scoring a lead again when the conversation has gone on. Rules over
// what was given and written (English, German, French); no model, no network, no storage.
// Owner: nobody; pure. Errors: none; a malformed address simply earns nothing.
// Limits: kScoringTextBytesMax of the visitor's texts are read, the latest ones.
// Source: the lead qualification requirements (criteria, thresholds 60, 70, 80).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::scoring {

/// What is read of a conversation.
constexpr std::size_t kScoringTextBytesMax = 32U * 1024;

/// Points that a criterion gives when it is met in full. The defaults add up to 100: who can be
/// reached comes first, what is known of money, time and say is worth more than talking much.
struct Weights {
  int contact_info_provided = 30;
  int budget_disclosed = 20;
  int timeline_shared = 20;
  int decision_maker_role = 15;
  int engagement_level = 15;
};

struct Thresholds {
  int lead_capture = 60;
  int qualified = 70;
  int sales_ready = 80;
};

struct Config {
  Weights weights;
  Thresholds thresholds;
};

struct LeadInput {
  std::string name;
  std::string email;
  std::string phone;
  std::string company;
  std::string job_title;
  std::string message;
  std::vector<std::string> visitor_texts;  // oldest first; `message` need not be among them
  int message_count = 0;                   // of the visitor, in the conversation
};

struct Reason {
  std::string criterion;  // contactInfoProvided, budgetDisclosed, timelineShared, ...
  int points = 0;
  std::string note;  // one sentence a person reads; never quotes the visitor
};

enum class Band { none, lead_capture, qualified, sales_ready };

struct LeadScore {
  int score = 0;
  Band band = Band::none;
  std::vector<Reason> reasons;  // one for each criterion, in the order of Weights
};

LeadScore score_lead(const LeadInput& input, const Config& config = {});

/// none, capture, qualified, salesReady
std::string_view to_string(Band band);

}  // namespace chatpad::scoring

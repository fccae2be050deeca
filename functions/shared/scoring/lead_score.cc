#include "functions/shared/scoring/lead_score.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "functions/shared/scoring/signals.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::scoring {
namespace {

// Shares of contactInfoProvided; together 1.
constexpr double kEmailShare = 0.5;
constexpr double kPhoneShare = 0.25;
constexpr double kNameShare = 0.125;
constexpr double kCompanyShare = 0.125;

constexpr std::size_t kPhoneDigitsMin = 6;
constexpr std::size_t kPhoneDigitsMax = 15;  // E.164

// Messages that make a conversation fully engaged, and what length and intent add.
constexpr int kEngagedMessages = 6;
constexpr std::size_t kEngagedWords = 60;
constexpr double kLengthShare = 0.2;
constexpr double kIntentShare = 0.3;

bool blank(std::string_view value) {
  return value.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool looks_like_email(std::string_view value) {
  const std::size_t at = value.find('@');
  if (at == std::string_view::npos || at == 0 ||
      value.find('@', at + 1) != std::string_view::npos) {
    return false;
  }
  const std::string_view domain = value.substr(at + 1);
  const std::size_t dot = domain.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 2 < domain.size() &&
         value.find_first_of(" \t\r\n,;<>") == std::string_view::npos;
}

bool looks_like_phone(std::string_view value) {
  const auto digits = static_cast<std::size_t>(
      std::count_if(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }));
  return digits >= kPhoneDigitsMin && digits <= kPhoneDigitsMax &&
         value.find_first_not_of("0123456789 +-()./") == std::string_view::npos;
}

Signal read_contact(const LeadInput& input) {
  double share = 0;
  std::string given;
  const auto add = [&](double part, std::string_view word) {
    share += part;
    given += given.empty() ? "" : ", ";
    given += word;
  };
  if (looks_like_email(input.email)) add(kEmailShare, "email");
  if (looks_like_phone(input.phone)) add(kPhoneShare, "phone");
  if (!blank(input.name)) add(kNameShare, "name");
  if (!blank(input.company)) add(kCompanyShare, "company");
  if (given.empty()) return {0, "No way to reach the visitor is given."};
  return {share, "Given: " + given + "."};
}

Signal read_engagement(int messages, std::string_view text) {
  const int counted = std::clamp(messages, 0, kEngagedMessages);
  double share = static_cast<double>(counted) / kEngagedMessages;
  std::string note = std::to_string(std::max(messages, 0)) +
                     (messages == 1 ? " message written" : " messages written");
  if (text::count_words(text) >= kEngagedWords) {
    share += kLengthShare;
    note += ", at length";
  }
  if (shows_intent(text)) {
    share += kIntentShare;
    note += ", with the intent to buy";
  }
  return {std::min(share, 1.0), note + "."};
}

// The latest texts, as much as is read.
std::string all_text(const LeadInput& input) {
  std::string text = input.message.substr(0, kScoringTextBytesMax);
  for (auto it = input.visitor_texts.rbegin(); it != input.visitor_texts.rend(); ++it) {
    if (text.size() >= kScoringTextBytesMax) break;
    if (*it == input.message) continue;
    text += "\n";
    text += it->substr(0, kScoringTextBytesMax - std::min(text.size(), kScoringTextBytesMax));
  }
  return text;
}

Band band_of(int score, const Thresholds& thresholds) {
  if (score >= thresholds.sales_ready) return Band::sales_ready;
  if (score >= thresholds.qualified) return Band::qualified;
  return score >= thresholds.lead_capture ? Band::lead_capture : Band::none;
}

}  // namespace

LeadScore score_lead(const LeadInput& input, const Config& config) {
  const std::string text = all_text(input);
  struct Row {
    std::string_view criterion;
    int weight;
    Signal signal;
  };
  const Weights& weights = config.weights;
  const std::array<Row, 5> rows = {{
      {"contactInfoProvided", weights.contact_info_provided, read_contact(input)},
      {"budgetDisclosed", weights.budget_disclosed, read_budget(text)},
      {"timelineShared", weights.timeline_shared, read_timeline(text)},
      {"decisionMakerRole", weights.decision_maker_role, read_role(input.job_title, text)},
      {"engagementLevel", weights.engagement_level, read_engagement(input.message_count, text)},
  }};
  LeadScore result;
  for (const Row& row : rows) {
    const int points = static_cast<int>(std::lround(row.signal.share * std::max(row.weight, 0)));
    result.score += points;
    result.reasons.push_back({std::string(row.criterion), points, row.signal.note});
  }
  result.score = std::clamp(result.score, 0, 100);
  result.band = band_of(result.score, config.thresholds);
  return result;
}

std::string_view to_string(Band band) {
  switch (band) {
    case Band::none:
      return "none";
    case Band::lead_capture:
      return "capture";
    case Band::qualified:
      return "qualified";
    case Band::sales_ready:
      return "salesReady";
  }
  return "none";
}

}  // namespace chatpad::scoring

#include "functions/shared/scoring/lead_score.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "functions/shared/scoring/signals.h"

namespace chatpad::scoring {
namespace {

int points(const LeadScore& score, std::string_view criterion) {
  for (const Reason& reason : score.reasons) {
    if (reason.criterion == criterion) return reason.points;
  }
  return -1;
}

TEST(LeadScore, default_weights_add_up_to_a_hundred) {
  const Weights weights;
  EXPECT_EQ(weights.contact_info_provided + weights.budget_disclosed + weights.timeline_shared +
                weights.decision_maker_role + weights.engagement_level,
            100);
}

TEST(LeadScore, of_nothing_is_nothing_and_still_says_why) {
  const LeadScore score = score_lead({});
  EXPECT_EQ(score.score, 0);
  EXPECT_EQ(score.band, Band::none);
  ASSERT_EQ(score.reasons.size(), 5u);
  for (const Reason& reason : score.reasons) EXPECT_FALSE(reason.note.empty());
}

TEST(LeadScore, of_a_full_lead_is_a_hundred) {
  const LeadScore score =
      score_lead({.name = "Ada",
                  .email = "ada@example.org",
                  .phone = "+49 30 1234567",
                  .company = "Example",
                  .job_title = "CEO",
                  .message = "Our budget is 5,000 EUR and we start in two weeks.",
                  .visitor_texts = {},
                  .message_count = 8});
  EXPECT_EQ(score.score, 100);
  EXPECT_EQ(score.band, Band::sales_ready);
  EXPECT_EQ(to_string(score.band), "salesReady");
}

TEST(LeadScore, counts_only_contact_that_can_be_used) {
  EXPECT_EQ(points(score_lead({.email = "ada@example.org"}), "contactInfoProvided"), 15);
  EXPECT_EQ(points(score_lead({.email = "ada@"}), "contactInfoProvided"), 0);
  EXPECT_EQ(points(score_lead({.email = "a@b@example.org"}), "contactInfoProvided"), 0);
  EXPECT_EQ(points(score_lead({.phone = "call me"}), "contactInfoProvided"), 0);
  EXPECT_EQ(points(score_lead({.name = "  "}), "contactInfoProvided"), 0);
}

TEST(LeadScore, bands_begin_at_the_thresholds) {
  Config config;
  config.weights = {0, 0, 0, 0, 60};
  const LeadInput engaged{.message_count = 6};
  EXPECT_EQ(score_lead(engaged, config).band, Band::lead_capture);
  config.weights.engagement_level = 59;
  EXPECT_EQ(score_lead(engaged, config).band, Band::none);
  config.weights.engagement_level = 70;
  EXPECT_EQ(score_lead(engaged, config).band, Band::qualified);
  config.weights.engagement_level = 80;
  EXPECT_EQ(score_lead(engaged, config).band, Band::sales_ready);
}

TEST(LeadScore, stays_between_0_and_100_with_any_weights) {
  Config config;
  config.weights = {500, -50, 20, 20, 1000};
  const LeadScore score =
      score_lead({.email = "a@example.org", .message_count = 2'000'000'000}, config);
  EXPECT_EQ(score.score, 100);
  EXPECT_GE(score_lead({.message_count = -5}).score, 0);
}

TEST(LeadScore, reads_the_latest_texts_of_a_very_long_conversation) {
  LeadInput input;
  input.visitor_texts.assign(2000, std::string(1000, 'x'));
  input.visitor_texts.push_back("Our budget is $9,000.");
  EXPECT_EQ(points(score_lead(input), "budgetDisclosed"), 20);
  EXPECT_EQ(points(score_lead({.message = std::string("\xFF\xFE\0budget", 9)}), "budgetDisclosed"),
            10);
}

TEST(LeadScore, never_quotes_the_visitor) {
  const LeadScore score = score_lead({.name = "SECRETNAME",
                                      .email = "secret@example.org",
                                      .message = "budget 77777 EUR by SECRETMONTH"});
  for (const Reason& reason : score.reasons) {
    EXPECT_EQ(reason.note.find("SECRET"), std::string::npos);
    EXPECT_EQ(reason.note.find("77777"), std::string::npos);
  }
}

TEST(Budget, is_read_from_amounts_and_words) {
  EXPECT_EQ(read_budget("We have a budget of about $10,000 for this").share, 1.0);
  EXPECT_EQ(read_budget("we can spend up to 10k").share, 1.0);
  EXPECT_EQ(read_budget("Unser Budget liegt bei 5000 Euro").share, 1.0);
  EXPECT_EQ(read_budget("Nous voulons investir 3000 €").share, 1.0);
  EXPECT_EQ(read_budget("The budget is approved").share, 0.5);
  EXPECT_EQ(read_budget("we have no budget yet").share, 0.0);
  EXPECT_EQ(read_budget("I have 3 questions about chairs").share, 0.0);
  EXPECT_GT(read_budget("is it 50 € each?").share, 0.0);
}

TEST(Timeline, is_definite_vague_or_absent) {
  EXPECT_EQ(read_timeline("We need it by the end of March").share, 1.0);
  EXPECT_EQ(read_timeline("within 3 weeks please").share, 1.0);
  EXPECT_EQ(read_timeline("ASAP").share, 1.0);
  EXPECT_EQ(read_timeline("Wir starten im Q3, am besten bis Juli").share, 1.0);
  EXPECT_EQ(read_timeline("no rush, maybe sometime next year").share, 0.3);
  EXPECT_EQ(read_timeline("not urgent").share, 0.3);
  EXPECT_EQ(read_timeline("May I ask what colours you have?").share, 0.0);
  EXPECT_EQ(read_timeline("").share, 0.0);
}

TEST(Role, is_read_from_the_title_and_from_what_is_said) {
  EXPECT_EQ(read_role("Founder & CEO", "").share, 1.0);
  EXPECT_EQ(read_role("Head of Marketing", "").share, 1.0);
  EXPECT_EQ(read_role("Geschäftsführerin", "").share, 1.0);
  EXPECT_EQ(read_role("Office Manager", "").share, 0.7);
  EXPECT_EQ(read_role("Intern", "").share, 0.1);
  EXPECT_EQ(read_role("Assistant to the CEO", "").share, 0.1);
  EXPECT_EQ(read_role("", "I'm the owner of a small bakery").share, 1.0);
  EXPECT_EQ(read_role("", "Ich bin der Inhaber").share, 1.0);
  EXPECT_EQ(read_role("", "my director asked me to compare").share, 0.0);
  EXPECT_EQ(read_role("", "is the owner in today?").share, 0.0);
}

TEST(Intent, is_wanting_to_buy) {
  EXPECT_TRUE(shows_intent("Could you send me a quote?"));
  EXPECT_FALSE(shows_intent("I do not want to buy anything"));
  EXPECT_FALSE(shows_intent("where are you?"));
}

}  // namespace
}  // namespace chatpad::scoring

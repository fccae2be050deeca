#include "functions/shared/leads/journey.h"

#include <gtest/gtest.h>

namespace chatpad::leads {
namespace {

Heard said(std::string text, int messages = 1) {
  return {"m" + std::to_string(messages), "2026-01-01T00:00:00Z", std::move(text), messages};
}

TEST(Extract, reads_who_they_are_and_what_they_want) {
  const Entities e = extract(
      "My name is Ada Byron, I work at Engines Ltd. I am the marketing director. Our budget is "
      "5,000 EUR. We want to start by "
      "next month. We currently use Sheets. It is too slow. We need an export. Mail "
      "ada@engines.example or +44 20 7946 0958.");
  EXPECT_EQ(e.name, "Ada Byron");
  EXPECT_EQ(e.company, "Engines Ltd");
  EXPECT_EQ(e.job_title, "marketing director");
  EXPECT_EQ(e.email, "ada@engines.example");
  EXPECT_EQ(e.phone, "+44 20 7946 0958");
  EXPECT_EQ(e.budget, "Our budget is 5,000 EUR.");
  EXPECT_FALSE(e.timeline.empty());
  EXPECT_EQ(e.current_solutions, std::vector<std::string>{"We currently use Sheets."});
  EXPECT_EQ(e.pain_points, std::vector<std::string>{"It is too slow."});
  EXPECT_EQ(e.requirements, std::vector<std::string>{"We need an export."});
  const Entities none = extract("What are your opening hours?");
  EXPECT_TRUE(none.name.empty() && none.company.empty() && !none.has_contact() &&
              none.budget.empty());
}

TEST(Confirmed, keeps_what_stands_in_the_words) {
  Entities claimed;
  claimed.name = "ADA  Byron", claimed.company = "Engines", claimed.email = "ada@engines.example";
  claimed.phone = "+44 20 7946 0958", claimed.budget = "two thousand", claimed.job_title = "boss";
  claimed.requirements = {"a lamp", "a boat"};
  const Entities kept = confirmed(
      claimed, "ada byron of engines; ada@engines.example, +44 20 7946 0958, needs a lamp");
  EXPECT_EQ(kept.name, "ADA  Byron");
  EXPECT_EQ(kept.company, "Engines");
  EXPECT_EQ(kept.email, "ada@engines.example");
  EXPECT_EQ(kept.phone, "+44 20 7946 0958");
  EXPECT_EQ(kept.requirements, std::vector<std::string>{"a lamp"});
  EXPECT_TRUE(kept.budget.empty() && kept.job_title.empty());
  Entities wrong;
  wrong.email = "ada byron", wrong.phone = "engines", wrong.name = "ada b", wrong.company = "?";
  const Entities none = confirmed(wrong, "ada byron of engines ?");
  EXPECT_TRUE(!none.has_contact() && none.name.empty() && none.company.empty());
}

TEST(Intents, may_be_several) {
  const auto intents = intents_of("How much does it cost? I want to buy today, after a demo.");
  ASSERT_GE(intents.size(), 3u);
  EXPECT_EQ(intents_of("Where is the shop?")[0].name, "information");
  EXPECT_EQ(intents_of("Es funktioniert nicht!")[0].name, "support");
}

TEST(Journey, grows_never_forgets_and_goes_forward) {
  Journey journey;
  const Settings settings;
  hear(journey, said("How much is the pro plan?"), settings);
  EXPECT_EQ(journey.stage, "discovery");
  hear(journey, said("Our budget is 5,000 EUR and we start by next month. I am the owner.", 2),
       settings);
  EXPECT_EQ(journey.stage, "qualification");
  const int before = journey.score();
  hear(journey, said("Thanks.", 3), settings);
  EXPECT_GE(journey.score(), before);
  hear(journey, said("I want to buy. Mail ada@engines.example or call +44 20 7946 0958", 6),
       settings);
  EXPECT_EQ(journey.stage, "closing");
  EXPECT_GE(journey.score(), 80);
  EXPECT_NE(journey.summary().find("Budget"), std::string::npos);
  const Journey back = Journey::parse(journey.json());
  EXPECT_EQ(back.json(), journey.json());
  EXPECT_EQ(Journey::parse("nonsense").score(), 0);
  EXPECT_EQ(Journey::parse(R"({"reasons":7})").stage, "discovery");
}

TEST(Questions, are_asked_once_at_their_score_and_their_answers_count) {
  const Settings settings = Settings::parse(R"({"customQuestions":[
    {"id":"b","question":"What is your budget?","triggerScore":15,
     "answerWeighting":10,"category":"budget"},
    {"id":"n","question":"What do you need?","triggerScore":0,
     "answerWeighting":5,"category":"need"}]})")
                                .or_raise();
  Journey journey;
  hear(journey, said("Hello"), settings);
  const Question* first = next_question(journey, settings);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->id, "n");
  journey.asked.push_back("n");
  journey.waiting = "n";
  EXPECT_EQ(next_question(journey, settings), nullptr) << "one at a time";
  const int before = journey.score();
  hear(journey, said("I am the owner and need a export of everything", 2), settings);
  EXPECT_EQ(journey.answered, std::vector<std::string>{"n"});
  EXPECT_GE(journey.score(), before + 5);
  EXPECT_EQ(next_question(journey, settings)->id, "b");
  hear(journey, said("Our budget is 9,000 EUR", 3), settings);
  EXPECT_EQ(next_question(journey, settings), nullptr) << "what is known is not asked";
}

TEST(Settings, have_the_documented_thresholds_and_refuse_nonsense) {
  const Settings settings = Settings::parse("{}").or_raise();
  EXPECT_EQ(settings.scoring.thresholds.lead_capture, 60);
  EXPECT_EQ(settings.scoring.thresholds.qualified, 70);
  EXPECT_EQ(settings.scoring.thresholds.sales_ready, 80);
  for (const char* bad :
       {R"({"thresholds":{"leadCapture":90}})", R"({"scoringCriteria":{"budgetDisclosed":101}})",
        R"({"customQuestions":[{"id":"a","question":"x","triggerScore":1,"category":"age"}]})",
        R"({"customQuestions":[{"id":"a","question":"x","triggerScore":1,"category":"need"},
                            {"id":"a","question":"y","triggerScore":1,"category":"need"}]})"}) {
    EXPECT_FALSE(Settings::parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace chatpad::leads

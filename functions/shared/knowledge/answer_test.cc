#include "functions/shared/knowledge/answer.h"

#include <gtest/gtest.h>

#include <string>

#include "functions/shared/knowledge/answer_kind.h"
#include "functions/shared/knowledge/knowledge_shop.h"
#include "functions/shared/knowledge/small_talk.h"

namespace chatpad::knowledge {
namespace {

TEST(Answer, is_made_of_whole_sentences_with_their_citation) {
  const Index index(shop_passages());
  const auto extract = answer(index, "When are you open on Saturdays?");
  ASSERT_TRUE(extract);
  EXPECT_NE(extract->text.find("On Saturday we close at 14:00."), std::string::npos);
  ASSERT_EQ(extract->citations.size(), 1u);
  EXPECT_EQ(extract->citations[0].source_id, "source-1");
  EXPECT_EQ(extract->citations[0].title, "About us");
  EXPECT_EQ(extract->citations[0].url, "https://shop.example/1");
  EXPECT_NE(extract->citations[0].snippet.find("14:00"), std::string::npos);
  EXPECT_GE(extract->score, kEvidenceMin);
}

TEST(Answer, is_absent_when_the_knowledge_says_nothing_of_it) {
  const Index index(shop_passages());
  for (const char* question :
       {"Do you sell bicycles?", "Who is your chief executive?", "What is the weather today?",
        "Can I pay with bitcoin?", "", "??", "Is there a warranty on zebra saddles?"}) {
    EXPECT_FALSE(answer(index, question)) << question;
  }
  EXPECT_FALSE(answer(Index({}), "When are you open?"));
}

TEST(Answer, takes_a_list_with_the_line_that_introduces_it) {
  const Index index(shop_passages());
  const auto extract = answer(index, "How do I return goods?");
  ASSERT_TRUE(extract);
  EXPECT_NE(extract->text.find("Please do the following:\n- Print the label.\n- Pack the goods."),
            std::string::npos);
}

TEST(Answer, takes_two_questions_from_two_passages) {
  const Index index(shop_passages());
  const auto extract =
      answer(index, "Hi! What are your opening hours and how much does shipping cost?");
  ASSERT_TRUE(extract);
  EXPECT_EQ(extract->citations.size(), 2u);
  EXPECT_NE(extract->text.find("Monday to Friday"), std::string::npos);
  EXPECT_NE(extract->text.find("4.90 EUR"), std::string::npos);
}

TEST(Answer, finds_the_question_in_a_story) {
  const Index index(shop_passages());
  const auto extract =
      answer(index,
             "My grandmother bought a purple wardrobe in Liverpool last winter and "
             "hates its hinges. Can I return goods?");
  ASSERT_TRUE(extract);
  EXPECT_EQ(extract->citations[0].source_id, "source-4");
}

TEST(Answer, keeps_snippets_short_even_when_a_sentence_is_not) {
  std::string sentence = "The warranty";
  while (sentence.size() < 3000) sentence += " covers größere Möbel";
  const Passage passage{"a", "s", "Warranty", "", 7, "", sentence + "."};
  const auto extract = answer(Index(std::span(&passage, 1)), "warranty?");
  ASSERT_TRUE(extract);
  EXPECT_LE(extract->citations[0].snippet.size(), kSnippetBytesMax + 8);
  EXPECT_EQ(extract->citations[0].page, 7);
}

TEST(Answer, cites_a_snippet_with_the_sentence_that_answers) {
  std::string content;
  for (int i = 0; i < 3; ++i) {
    content +=
        "The oak table comes with a long story of how many people carried the oak from one "
        "valley to the next valley and what they sang on their way through the snow. ";
  }
  content += "The oak table is sold with a varnish. Nothing follows.";
  const Passage passage{"a", "s", "Furniture", "", std::nullopt, "Oak table", content};
  const auto extract = answer(Index(std::span(&passage, 1)), "Does the oak table have varnish?");
  ASSERT_TRUE(extract);
  EXPECT_NE(extract->citations[0].snippet.find("varnish"), std::string::npos);
  EXPECT_NE(extract->citations[0].snippet.find("Nothing follows."), std::string::npos);
  EXPECT_LE(extract->citations[0].snippet.size(), kSnippetBytesMax);
}

TEST(AnswerKind, follows_the_question_word) {
  EXPECT_EQ(expected_kind("How much is it?"), AnswerKind::amount);
  EXPECT_EQ(expected_kind("How do I pay?"), AnswerKind::action);
  EXPECT_EQ(expected_kind("Wann habt ihr offen?"), AnswerKind::time);
  EXPECT_EQ(expected_kind("Where is it"), AnswerKind::place);
  EXPECT_EQ(expected_kind("Who owns it"), AnswerKind::person);
  EXPECT_EQ(expected_kind("Is it blue?"), AnswerKind::any);
  EXPECT_EQ(expected_kind("Am I allowed to park here?"), AnswerKind::permission);
  EXPECT_EQ(expected_kind("May I park here?"), AnswerKind::permission);
  EXPECT_EQ(expected_kind("Is there something that opens bottles?"), AnswerKind::action);
  EXPECT_TRUE(speaks_of(AnswerKind::amount, "It is 5 EUR."));
  EXPECT_TRUE(speaks_of(AnswerKind::person, "It was founded by Ada Lovelace."));
  EXPECT_FALSE(speaks_of(AnswerKind::person, "It runs on Debian GNU and others."));
  EXPECT_TRUE(speaks_of(AnswerKind::permission, "Cars must not stand there."));
  EXPECT_TRUE(speaks_of(AnswerKind::place, "Look at 12 Harbour, second floor."));
  EXPECT_FALSE(speaks_of(AnswerKind::place, "There are 12 of them."));
  EXPECT_FALSE(speaks_of(AnswerKind::time, "It is blue."));
}

TEST(SmallTalk, is_told_from_questions) {
  EXPECT_EQ(small_talk("Hi!"), SmallTalk::greeting);
  EXPECT_EQ(small_talk("Good morning"), SmallTalk::greeting);
  EXPECT_EQ(small_talk("thank you very much"), SmallTalk::thanks);
  EXPECT_EQ(small_talk("ok thanks, bye"), SmallTalk::goodbye);
  EXPECT_EQ(small_talk("Hello, how are you?"), SmallTalk::how_are_you);
  EXPECT_EQ(small_talk("Are you a robot?"), SmallTalk::who_are_you);
  EXPECT_EQ(small_talk("Vielen Dank!"), SmallTalk::thanks);
  EXPECT_EQ(small_talk("Bonjour"), SmallTalk::greeting);
  EXPECT_FALSE(small_talk("Hi, do you ship abroad?"));
  EXPECT_FALSE(small_talk("good"));
  EXPECT_FALSE(small_talk(""));
  EXPECT_FALSE(small_talk("thanks for the parcel, but the table is broken"));
  EXPECT_FALSE(small_talk_reply(SmallTalk::thanks, text::Language::french).empty());
}

}  // namespace
}  // namespace chatpad::knowledge

#include "functions/shared/knowledge/index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "functions/shared/knowledge/knowledge_shop.h"
#include "functions/shared/knowledge/search.h"

namespace chatpad::knowledge {
namespace {

std::string best(const Index& index, std::string_view question) {
  const SearchResult found = index.search(question, 3);
  return found.hits.empty() ? "" : index.passage(found.hits.front().passage).chunk_id;
}

TEST(Index, finds_the_passage_by_its_own_words_and_by_paraphrases) {
  const Index index(shop_passages());
  EXPECT_EQ(best(index, "when do you close on saturday"), "1");
  EXPECT_EQ(best(index, "Where are you located?"), "2");
  EXPECT_EQ(best(index, "What does delivery cost?"), "3");
  EXPECT_EQ(best(index, "can I send it back"), "4");
  EXPECT_EQ(best(index, "how should I clean a table"), "5");
}

TEST(Index, reads_accents_hyphens_joined_words_and_slips_of_the_pen) {
  const Passage passage{"a",
                        "s",
                        "Notes",
                        "",
                        std::nullopt,
                        "",
                        "Our café sells e-mail gift cards and uses code names for new devices."};
  const Index index(std::span(&passage, 1));
  for (const char* question : {"CAFE", "email", "e-mail", "codenames?", "code names", "devcies"}) {
    const bool joined = std::string_view(question) == "codenames?";
    EXPECT_EQ(index.search(question, 1).hits.empty(), joined) << question;
  }
  EXPECT_TRUE(one_slip_apart("refund", "refnd"));
  EXPECT_TRUE(one_slip_apart("refund", "reufnd"));
  EXPECT_FALSE(one_slip_apart("refund", "refund"));
  EXPECT_FALSE(one_slip_apart("refund", "funds"));
}

TEST(Index, speaks_german_and_french) {
  const Passage german{
      "d",
      "s",
      "Versand",
      "",
      3,
      "Lieferung nach Österreich",
      "Wir liefern auch nach Österreich. Die Lieferung kostet 9 Euro und dauert drei Tage."};
  const Index index(std::span(&german, 1));
  EXPECT_EQ(index.language(), text::Language::german);
  EXPECT_EQ(best(index, "Was kosten Lieferungen nach Oesterreich oder Österreich?"), "d");
  EXPECT_EQ(index.search("die der und", 3).hits.size(), 0u);
}

TEST(Index, of_nothing_finds_nothing) {
  const Index empty({});
  EXPECT_TRUE(empty.search("anything", 5).hits.empty());
  const Index index(shop_passages());
  EXPECT_TRUE(index.search("", 5).hits.empty());
  EXPECT_TRUE(index.search("what is the", 5).hits.empty());
  EXPECT_TRUE(index.search("zebra", 5).hits.empty());
  EXPECT_TRUE(index.search("shipping", 0).hits.empty());
}

TEST(Index, evidence_is_the_share_of_the_question_that_was_found) {
  const Index index(shop_passages());
  const SearchResult all = index.search("return goods", 1);
  EXPECT_FLOAT_EQ(all.hits.front().evidence, 1.0F);
  const SearchResult part = index.search("return zebras", 1);
  EXPECT_LT(part.hits.front().evidence, 0.6F);
}

TEST(Index, a_name_of_two_words_is_found_whole_or_not) {
  const Index index(shop_passages());
  EXPECT_LT(index.search("do you know Oak Zebra", 1).hits.front().evidence, 0.2F);
}

Passage note(const char* id, const char* heading, const char* content) {
  return {id, "s", "Notes", "", std::nullopt, heading, content};
}

TEST(Index, reaches_relatives_and_compounds_of_a_word) {
  const std::vector<Passage> notes = {
      note("1", "", "Members of the cdrom group may read it. The rom is large."),
      note("2", "", "Every distributor has a key."), note("3", "", "Nothing else is said here.")};
  const Index index(notes);
  EXPECT_EQ(best(index, "who reads a cd"), "1");
  EXPECT_EQ(best(index, "distribution"), "2");
  EXPECT_LT(index.search("distribution", 1).hits.front().evidence, 0.5F);
  EXPECT_TRUE(same_family("graphic", "graph"));
  EXPECT_FALSE(same_family("convert", "convers"));
  EXPECT_FALSE(same_family("graph", "graph"));
  EXPECT_FALSE(same_family("cart", "car"));
}

TEST(Index, a_heading_that_is_all_asked_for_speaks_for_its_passage) {
  const std::vector<Passage> notes = {
      note("1", "Guides > Wheels", "They roll when the ground is even."),
      note("2", "Guides > Roads, wheels and weather", "They roll when the ground is even."),
      note("3", "Guides > Food", "Bread is baked daily.")};
  const SearchResult found = Index(notes).search("Do pelicans like wheels?", 3);
  ASSERT_EQ(found.hits.size(), 2u);
  EXPECT_EQ(found.hits[0].passage, 0u);
  EXPECT_FLOAT_EQ(found.hits[0].focus, 1.0F);
  EXPECT_LT(found.hits[1].focus, 0.7F);
  EXPECT_GT(found.hits[0].evidence, found.hits[1].evidence);
}

TEST(Index, bytes_grow_with_the_text) {
  const Index small(shop_passages());
  std::vector<Passage> many;
  for (int i = 0; i < 200; ++i) {
    for (Passage& passage : shop_passages()) many.push_back(passage);
  }
  const Index big(many);
  EXPECT_GT(small.bytes(), 1000u);
  EXPECT_GT(big.bytes(), 100 * small.bytes() / 3);
}

TEST(Index, survives_any_question) {
  const Index index(shop_passages());
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string question;
    for (int i = 0; i < 60; ++i) question.push_back(static_cast<char>(random() % 256));
    for (const Hit& hit : index.search(question, 5).hits) {
      EXPECT_GE(hit.evidence, 0.0F);
      EXPECT_LE(hit.evidence, 1.001F);
    }
  }
  std::string endless;
  for (int i = 0; i < 20000; ++i) endless += "word" + std::to_string(i) + " shipping ";
  EXPECT_LE(index.search(endless, 5).query.terms.size(), kQueryTermsMax);
}

}  // namespace
}  // namespace chatpad::knowledge

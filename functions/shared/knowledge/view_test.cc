#include "functions/shared/knowledge/view.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "functions/shared/knowledge/answer.h"
#include "functions/shared/knowledge/index.h"
#include "functions/shared/knowledge/knowledge_shop.h"

namespace chatpad::knowledge {
namespace {

bool sees(const char* mode, const char* sensitivity, const char* groups, Audience who) {
  const auto access = read_access(mode, sensitivity, groups);
  return !access || may_see(*access, who);
}

TEST(Access, asks_for_what_mode_and_sensitivity_ask_for) {
  const Audience nobody;
  const Audience inside{true, {}};
  const Audience staff{false, {"staff"}};
  const Audience both{false, {"staff", "eu"}};
  EXPECT_TRUE(sees("public", "public", "staff", nobody));
  EXPECT_FALSE(sees("public", "internal", "", nobody));
  EXPECT_TRUE(sees("public", "internal", "", inside));
  EXPECT_TRUE(sees("public", "internal", "", staff));
  for (const auto& [mode, sensitivity] :
       {std::pair("rbac", "public"), std::pair("public", "confidential")}) {
    EXPECT_FALSE(sees(mode, sensitivity, "staff\neu", nobody));
    EXPECT_FALSE(sees(mode, sensitivity, "staff\neu", inside));
    EXPECT_TRUE(sees(mode, sensitivity, "staff\neu", staff));
    EXPECT_FALSE(sees(mode, sensitivity, "", both));
  }
  for (const auto& [mode, sensitivity] :
       {std::pair("abac", "public"), std::pair("public", "restricted")}) {
    EXPECT_FALSE(sees(mode, sensitivity, "staff\neu", staff));
    EXPECT_TRUE(sees(mode, sensitivity, "staff\neu", both));
    EXPECT_FALSE(sees(mode, sensitivity, "", both));
  }
}

TEST(Access, that_is_not_understood_is_shown_to_nobody) {
  EXPECT_FALSE(sees("", "", "", {true, {"staff"}}));
  EXPECT_FALSE(sees("open", "public", "", {true, {"staff"}}));
  EXPECT_FALSE(sees("public", "Public", "", {true, {"staff"}}));
  EXPECT_FALSE(sees("rbac", "public", "staff", {true, {"Staff"}}));
  EXPECT_FALSE(sees("rbac", "public", "\n\n", {true, {""}}));
}

// Passages of a few words each, so that words are shared, rare, absent and misspelt in turn.
std::vector<Passage> random_passages(std::mt19937& random, std::size_t count) {
  static const char* words[] = {"shipping", "refund",  "parcel",  "oak",     "table",   "cdrom",
                                "rom",      "graphic", "graph",   "graphs",  "deliver", "delivery",
                                "opening",  "hours",   "harbour", "harbors", "invoice", "invoices",
                                "warranty", "warrant", "e-mail",  "mail",    "the",     "is"};
  const auto sentence = [&](std::size_t most) {
    std::string text;
    for (std::size_t i = 0; i <= random() % most; ++i)
      text += words[random() % 24] + std::string(" ");
    return text;
  };
  const auto secret = read_access("rbac", "confidential", "staff");
  std::vector<Passage> passages;
  for (std::size_t i = 0; i < count; ++i) {
    passages.push_back({std::to_string(i),
                        std::to_string(i / 3),
                        sentence(2),
                        "",
                        {},
                        sentence(3),
                        sentence(30),
                        (i / 3) % 2 == 0 ? secret : nullptr});
  }
  return passages;
}

TEST(View, finds_exactly_what_an_index_of_the_visible_passages_alone_finds) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Passage> all = random_passages(random, 3 + random() % 40);
    std::vector<Passage> open;
    for (const Passage& passage : all) {
      if (!passage.access) open.push_back(passage);
    }
    const Index whole(all);
    const Index alone(open);
    for (const char* question :
         {"shipping refund", "graphik table", "cd", "invoicse for oak", "harbour hours",
          "when is delivery", "warranty of an e-mail", "refund staff oak graph parcel"}) {
      const SearchResult hidden = whole.search(question, 60, View(whole, Audience()));
      const SearchResult plain = alone.search(question, 60);
      ASSERT_EQ(hidden.hits.size(), plain.hits.size()) << question;
      EXPECT_EQ(hidden.mass, plain.mass) << question;
      for (std::size_t i = 0; i < plain.hits.size(); ++i) {
        EXPECT_EQ(whole.passage(hidden.hits[i].passage).chunk_id,
                  alone.passage(plain.hits[i].passage).chunk_id);
        EXPECT_EQ(hidden.hits[i].score, plain.hits[i].score);
        EXPECT_EQ(hidden.hits[i].evidence, plain.hits[i].evidence);
      }
      const auto hidden_answer = answer(whole, question);
      const auto plain_answer = answer(alone, question);
      ASSERT_EQ(hidden_answer.has_value(), plain_answer.has_value());
      if (plain_answer) {
        EXPECT_EQ(hidden_answer->text, plain_answer->text);
      }
      const View staff(whole, {false, {"staff"}});
      EXPECT_EQ(staff.size(), whole.size());
      EXPECT_GE(whole.search(question, 60, staff).hits.size(), plain.hits.size());
    }
  }
}

TEST(View, narrows_to_sources_addresses_and_pages) {
  std::vector<Passage> passages = shop_passages();
  passages[2].page = 7;
  const Index index(passages);
  const auto left = [&](Narrowing narrowing) { return View(index, Audience(), narrowing).size(); };
  EXPECT_EQ(left({}), 5u);
  EXPECT_EQ(left({{"source-1", "source-9"}, "", {}, {}}), 1u);
  EXPECT_EQ(left({{}, "https://shop.example/3", {}, {}}), 1u);
  EXPECT_EQ(left({{}, "", 7, {}}), 1u);
  EXPECT_EQ(left({{}, "", 8, {}}), 0u);
  EXPECT_EQ(left({{}, "", {}, 7}), 1u);
  const View none(index, Audience(), {{"nothing"}, "", {}, {}});
  EXPECT_TRUE(index.search("shipping", 5, none).hits.empty());
}

}  // namespace
}  // namespace chatpad::knowledge

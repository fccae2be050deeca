#include "functions/shared/knowledge/fuse.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "functions/shared/knowledge/knowledge_shop.h"

namespace chatpad::knowledge {
namespace {

Hit hit(std::size_t passage, float score) {
  Hit made;
  made.passage = passage;
  made.score = score;
  return made;
}

std::vector<std::size_t> order(const std::vector<Hit>& hits) {
  std::vector<std::size_t> passages;
  for (const Hit& one : hits) passages.push_back(one.passage);
  return passages;
}

TEST(Fuse, puts_first_what_both_orders_have_high) {
  const std::vector<Hit> words = {hit(1, 9), hit(2, 8), hit(3, 7), hit(4, 0)};
  const std::vector<Near> meaning = {{2, 0.9F}, {3, 0.8F}, {4, 0.7F}};
  const std::vector<Hit> fused = fuse(words, meaning);
  EXPECT_EQ(order(fused), (std::vector<std::size_t>{2, 3, 1, 4}));
  EXPECT_FLOAT_EQ(fused[0].similarity, 0.9F);
  EXPECT_FLOAT_EQ(fused[2].similarity, 0.0F);
  EXPECT_EQ(order(fuse(words, {})), (std::vector<std::size_t>{1, 2, 3, 4}));
  EXPECT_TRUE(fuse({}, {}).empty());
}

TEST(Fuse, leaves_the_best_of_either_order_before_what_both_have_low) {
  constexpr std::size_t kLow = 15;
  constexpr std::size_t kBestByMeaning = 20;
  std::vector<Hit> words;
  std::vector<Near> meaning;
  for (std::size_t i = 0; i < kBestByMeaning; ++i)
    words.push_back(hit(i, 40.0F - static_cast<float>(i)));
  for (std::size_t i = 0; i < kLow; ++i) {
    words.push_back(hit(kBestByMeaning + i, 0));
    meaning.push_back({kBestByMeaning + i, 0.9F});
  }
  meaning.push_back({kLow, 0.5F});
  const std::vector<std::size_t> fused = order(fuse(words, meaning));
  EXPECT_EQ(fused[0], 0u);
  const auto at = [&](std::size_t passage) {
    return std::find(fused.begin(), fused.end(), passage) - fused.begin();
  };
  EXPECT_LT(at(kBestByMeaning), 5);
  EXPECT_GT(at(kLow), 5);
}

TEST(Diversify, takes_the_next_best_that_is_something_else) {
  Vectors vectors(2);
  vectors.add(std::vector<float>{1, 0});
  vectors.add(std::vector<float>{1, 0.01F});
  vectors.add(std::vector<float>{0, 1});
  const std::vector<Hit> hits = {hit(0, 3), hit(1, 2), hit(2, 1)};
  EXPECT_EQ(order(diversify(hits, vectors, 0, 2)), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(order(diversify(hits, vectors, 0.7F, 2)), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(order(diversify(hits, vectors, 1, 9)).size(), 3u);
  EXPECT_TRUE(diversify({}, vectors, 0.5F, 3).empty());
}

float near(std::string_view left, std::string_view right) {
  LexicalVector a(text::Language::english);
  LexicalVector b(text::Language::english);
  a.add(left, 1);
  b.add(right, 1);
  Vectors both(kLexicalWidth);
  both.add(a.numbers());
  both.add(b.numbers());
  return both.similarity(0, 1);
}

TEST(LexicalVector, is_near_what_shares_words_and_their_pieces) {
  EXPECT_FLOAT_EQ(near("delivery of parcels", "The parcels' delivery"), 1.0F);
  EXPECT_GT(near("encryption", "cryptography"), 0.15F);
  EXPECT_GT(near("encryption", "encrypted disks"), near("encryption", "parcel"));
  EXPECT_LT(near("opening hours", "zebra crossing"), 0.2F);
  EXPECT_EQ(near("the of and", "delivery"), 0.0F);
}

TEST(LexicalVector, finds_what_is_spelt_alike_when_no_word_is_found) {
  std::vector<Passage> passages(2);
  passages[0].content = "Cryptsetup opens disks.";
  passages[1].content = "Parcels arrive on Monday.";
  const Index index(passages);
  const auto found = index.search("cryptography", 3);
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_EQ(found.hits.front().passage, 0u);
  EXPECT_EQ(found.hits.front().evidence, 0.0F);
}

// A model's vectors: here, one direction for each passage.
TEST(Meaning, takes_part_with_the_words_and_hides_what_is_hidden) {
  std::vector<Passage> passages = shop_passages();
  passages[3].access = read_access("rbac", "public", "staff");
  Vectors meanings(8);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    std::vector<float> row(8, 0.0F);
    row[i] = 1;
    meanings.add(row);
  }
  const Index index(passages, std::move(meanings));
  ASSERT_TRUE(index.has_meanings());
  const auto best = [&](std::size_t direction, const Audience& who) {
    std::vector<float> meaning(8, 0.0F);
    meaning[direction] = 1;
    const auto found = index.search("xylophone", 2, View(index, who), meaning);
    return found.hits.empty() ? std::string() : index.passage(found.hits.front().passage).chunk_id;
  };
  EXPECT_EQ(best(1, {}), "2");
  EXPECT_EQ(best(3, {false, {"staff"}}), "4");
  EXPECT_NE(best(3, {}), "4");
  EXPECT_EQ(index.search("saturday", 1, View(index, {})).hits.front().passage, 0u);
}

TEST(Meaning, is_of_each_passage_or_of_none) {
  const std::vector<Passage> passages = shop_passages();
  Vectors meanings(8);
  meanings.add(std::vector<float>(8, 1.0F));
  EXPECT_DEATH(Index(passages, std::move(meanings)), "a row of vectors for each passage");
}

}  // namespace
}  // namespace chatpad::knowledge

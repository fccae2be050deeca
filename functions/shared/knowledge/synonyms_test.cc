#include "functions/shared/knowledge/synonyms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "functions/shared/knowledge/query.h"

namespace chatpad::knowledge {
namespace {

using text::Language;

bool related(std::string_view word, std::string_view other) {
  const auto stems = loose_stems(text::stem(word, Language::english), Language::english);
  return std::find(stems.begin(), stems.end(), text::stem(other, Language::english)) != stems.end();
}

TEST(Synonyms, know_everyday_words_in_both_directions) {
  EXPECT_TRUE(related("contain", "hold"));
  EXPECT_TRUE(related("holds", "contained"));
  EXPECT_TRUE(related("allow", "permit"));
  EXPECT_FALSE(related("hold", "hold"));
  EXPECT_FALSE(related("table", "delivery"));
}

TEST(Synonyms, know_how_common_a_word_is) {
  EXPECT_GT(everyday_share("hold", Language::english), everyday_share("parcel", Language::english));
  EXPECT_LT(everyday_share("hold", Language::english), 0.01F);
  EXPECT_EQ(everyday_share("zorblax", Language::english), 0.0F);
}

TEST(Synonyms, are_for_english_only_and_a_word_has_few) {
  EXPECT_TRUE(loose_stems("hold", Language::german).empty());
  EXPECT_EQ(everyday_share("hold", Language::french), 0.0F);
  EXPECT_TRUE(loose_stems("", Language::english).empty());
  for (const char* word : {"get", "make", "go", "take", "pass", "break"}) {
    EXPECT_LE(loose_stems(word, Language::english).size(), kSynonymsMax) << word;
  }
}

TEST(Synonyms, count_less_than_paraphrases_and_never_replace_a_name) {
  const Query query = make_query("Which box holds the paper?", Language::english);
  const auto term = std::find_if(query.terms.begin(), query.terms.end(),
                                 [](const QueryTerm& each) { return each.stem == "hold"; });
  ASSERT_NE(term, query.terms.end());
  EXPECT_EQ(match_stem(*term, "hold"), 1.0F);
  EXPECT_EQ(match_stem(*term, "contain"), kLooseWeight);
  for (const QueryTerm& each : make_query("tell me of Little Haven", Language::english).terms) {
    EXPECT_TRUE(each.entity == kNoEntity || each.loose.empty()) << each.stem;
  }
}

TEST(Synonyms, a_mask_keeps_the_best_of_three_ways_to_match) {
  Query query;
  query.terms.resize(3);
  const float mass[] = {1, 1, 1};
  TermMask mask;
  mask.add(0, 1.0F);
  mask.add(1, kVariantWeight);
  mask.add(2, kLooseWeight);
  EXPECT_FLOAT_EQ(coverage(query, mass, mask), (1 + kVariantWeight + kLooseWeight) / 3);
  mask.add(2, 1.0F);
  EXPECT_FLOAT_EQ(coverage(query, mass, mask), (2 + kVariantWeight) / 3);
}

}  // namespace
}  // namespace chatpad::knowledge

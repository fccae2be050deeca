#include "functions/shared/knowledge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "functions/shared/knowledge/index.h"
#include "functions/shared/knowledge/vectors.h"

namespace chatpad::knowledge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A table whose rows have one number each that is not 0: `places`.
class TableBytes {
 public:
  TableBytes(const std::vector<std::string>& stems, const std::vector<std::size_t>& places) {
    std::string letters;
    std::vector<std::uint32_t> begins = {0};
    for (const std::string& stem : stems) {
      letters += stem;
      begins.push_back(static_cast<std::uint32_t>(letters.size()));
    }
    bytes_ = {'C', 'P', 'J', 'W'};
    for (const std::size_t number :
         {std::size_t{kJudgeVersion}, stems.size(), kJudgeDims, letters.size()}) {
      put(static_cast<std::uint32_t>(number));
    }
    for (const std::uint32_t begin : begins) put(begin);
    for (std::size_t i = 0; i < 2 * stems.size(); ++i) put(i < stems.size() ? 0.01F : 1.0F);
    for (const std::size_t place : places) {
      for (std::size_t k = 0; k < kJudgeDims; ++k) bytes_.push_back(k == place ? 100 : 0);
    }
    // Those of the same place.
    for (std::size_t i = 0; i < places.size(); ++i) {
      std::vector<JudgeRow> near;
      for (std::size_t other = 0; other < places.size(); ++other) {
        if (other != i && places[other] == places[i]) near.push_back(static_cast<JudgeRow>(other));
      }
      near.resize(kJudgeNeighbours, kNoJudgeRow);
      for (const JudgeRow row : near) put(row);
    }
    bytes_.insert(bytes_.end(), letters.begin(), letters.end());
  }

  template <class T>
  void put(T number) {
    bytes_.resize(bytes_.size() + sizeof(T));
    set(bytes_.size() - sizeof(T), number);
  }

  template <class T>
  void set(std::size_t at, T number) {
    std::memcpy(bytes_.data() + at, &number, sizeof(T));
  }

  std::vector<std::uint8_t> bytes_;
};

TableBytes small_table() { return {{"cat", "dog", "fish", "kitten"}, {0, 1, 2, 0}}; }

TEST(JudgeWords, reads_a_table_where_it_lies) {
  const TableBytes table = small_table();
  const auto words = JudgeWords::parse(table.bytes_);
  ASSERT_TRUE(words.has_value());
  EXPECT_EQ(words->rows(), 4u);
  EXPECT_EQ(words->find("cat"), 0);
  EXPECT_EQ(words->find("kitten"), 3);
  for (const char* stem : {"", "ca", "cats", "zebra"}) {
    EXPECT_EQ(words->find(stem), kNoJudgeRow) << stem;
  }
  EXPECT_EQ(words->neighbour(0, 0), 3);
  EXPECT_EQ(words->neighbour(0, 1), kNoJudgeRow);
  EXPECT_EQ(words->neighbour(2, 0), kNoJudgeRow);
  std::vector<float> sum(kJudgeDims, 0.0F);
  words->add(1, 0.5F, sum.data());
  EXPECT_FLOAT_EQ(sum[1], 0.5F);
  EXPECT_FLOAT_EQ(sum[0], 0.0F);
}

TEST(JudgeWords, refuses_what_is_no_such_table) {
  constexpr std::size_t kBegins = 20;
  constexpr std::size_t kScales = kBegins + 4 * 5;
  constexpr std::size_t kNeighbours = kScales + 4 * (8 + kJudgeDims);
  EXPECT_FALSE(JudgeWords::parse({}).has_value());
  for (std::size_t bytes = 0; bytes < small_table().bytes_.size(); ++bytes) {
    TableBytes cut = small_table();
    cut.bytes_.resize(bytes);
    EXPECT_FALSE(JudgeWords::parse(cut.bytes_).has_value()) << bytes;
  }
  TableBytes longer = small_table();
  longer.bytes_.push_back(0);
  EXPECT_FALSE(JudgeWords::parse(longer.bytes_).has_value());
  const std::vector<std::pair<std::size_t, std::uint32_t>> wrong = {
      {0, 0},                 // magic
      {4, 1},                 // version
      {8, 0},                 // rows
      {8, 5},                 //
      {8, 0xFFFFFFFF},        //
      {12, 95},               // dims
      {16, 1},                // letters
      {kBegins, 1},           // the first stem
      {kBegins + 4, 0},       // an empty one
      {kBegins + 4, 99},      // one beyond the letters
      {kBegins + 16, 12},     // the end
      {kScales, 0x7F800000},  // infinity
      {kNeighbours, 4}        // of a row that is not there
  };
  for (const auto& [at, number] : wrong) {
    TableBytes table = small_table();
    table.set(at, number);
    EXPECT_FALSE(JudgeWords::parse(table.bytes_).has_value()) << at << " " << number;
  }
  const TableBytes unsorted({"dog", "cat"}, {0, 1});
  EXPECT_FALSE(JudgeWords::parse(unsorted.bytes_).has_value());
  const TableBytes twice({"cat", "cat"}, {0, 1});
  EXPECT_FALSE(JudgeWords::parse(twice.bytes_).has_value());
}

TEST(JudgeWords, the_table_in_the_program_knows_words_that_are_near_each_other) {
  const JudgeWords& words = JudgeWords::built_in();
  EXPECT_GT(words.rows(), 10'000u);
  const JudgeRow disk = words.find("disk");
  const JudgeRow storage = words.find("storag");
  const JudgeRow song = words.find("song");
  ASSERT_NE(disk, kNoJudgeRow);
  ASSERT_NE(storage, kNoJudgeRow);
  ASSERT_NE(song, kNoJudgeRow);
  Judge judge(words, std::vector<JudgeRow>{disk});
  EXPECT_GT(judge.nearness({}, std::vector<JudgeRow>{storage}),
            judge.nearness({}, std::vector<JudgeRow>{song}));
}

TEST(Judge, takes_the_best_window_with_the_headings_beneath_each) {
  const TableBytes table = small_table();
  const auto words = JudgeWords::parse(table.bytes_);
  ASSERT_TRUE(words.has_value());
  constexpr JudgeRow cat = 0;
  constexpr JudgeRow dog = 1;
  constexpr JudgeRow kitten = 3;
  Judge judge(*words, std::vector<JudgeRow>{cat, cat, kNoJudgeRow});
  EXPECT_TRUE(judge.knows());
  EXPECT_NEAR(judge.nearness({}, std::vector<JudgeRow>{kitten}), 1.0F, 1e-4);
  EXPECT_NEAR(judge.nearness({}, std::vector<JudgeRow>{dog}), 0.0F, 1e-4);
  EXPECT_NEAR(judge.nearness({}, std::vector<JudgeRow>{dog, dog, kitten}), 0.7071F, 1e-3);
  EXPECT_FLOAT_EQ(judge.nearness({}, std::vector<JudgeRow>{kNoJudgeRow}), -1.0F);
  EXPECT_FLOAT_EQ(judge.nearness({}, {}), -1.0F);
  // A heading counts half: 1 beside 0.5.
  EXPECT_NEAR(judge.nearness(std::vector<JudgeRow>{dog}, std::vector<JudgeRow>{cat}), 0.8944F,
              1e-3);
  // Far from each other they stand in windows of their own; what two steps share counts once.
  std::vector<JudgeRow> content(4 * kJudgeStepWords, kNoJudgeRow);
  content[0] = dog;
  content[3 * kJudgeStepWords] = cat;
  EXPECT_NEAR(judge.nearness({}, content), 1.0F, 1e-4);
  content.assign(2 * kJudgeStepWords, cat);
  content[1] = dog;
  EXPECT_NEAR(judge.nearness({}, content), 0.7071F, 1e-3);
}

TEST(Judge, knows_nothing_of_a_question_without_known_words) {
  const JudgeWords& words = JudgeWords::built_in();
  EXPECT_FALSE(Judge(words, {}).knows());
  EXPECT_FALSE(Judge(words, std::vector<JudgeRow>{kNoJudgeRow}).knows());
}

TEST(Judge, leaves_the_order_to_words_that_cover_the_question) {
  const std::vector<float> scores = {3.0F, 2.9F, 1.0F};
  const std::vector<float> near = {0.1F, 0.9F, 0.2F};
  EXPECT_THAT(judged_order(scores, near, 0.0F), ElementsAre(1, 0, 2));
  EXPECT_THAT(judged_order(scores, near, 1.0F), ElementsAre(0, 1, 2));
  EXPECT_THAT(judged_order({}, {}, 0.0F), IsEmpty());
  const std::vector<float> equal = {1.0F, 1.0F, 1.0F};
  EXPECT_THAT(judged_order(equal, equal, 0.0F), ElementsAre(0, 1, 2));
}

Passage note(const char* id, const char* content) {
  return {id, "s", "Notes", "", std::nullopt, "", content};
}

constexpr const char* kQuestion = "Is privacy kept when the machine is stolen?";

// "machine" stands in all of them. The last one answers, and has it once in the longest text.
std::vector<Passage> notes() {
  return {note("garden",
               "The machine in the garden cuts grass. Empty the basket of the machine when it is "
               "full."),
          note("coffee", "A coffee machine needs water and beans. Clean the machine every week."),
          note("print",
               "The printing machine takes paper of two sizes. Switch the machine off in the "
               "evening."),
          note("lock",
               "Nobody but its owner can read the disk of the machine, because everything is "
               "encrypted with a passphrase that is asked for at boot.")};
}

std::vector<std::string> order(const Index& index, const SearchResult& found) {
  std::vector<std::string> ids;
  for (const Hit& hit : found.hits) ids.push_back(index.passage(hit.passage).chunk_id);
  return ids;
}

TEST(Judge, puts_what_is_meant_before_what_shares_more_words) {
  const Index index(notes());
  const SearchResult found = index.search(kQuestion, 4);
  ASSERT_EQ(found.hits.size(), 4u);
  EXPECT_EQ(order(index, found).front(), "lock");
  for (const Hit& hit : found.hits) EXPECT_GE(hit.score, found.hits.front().score);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(order(index, index.search(kQuestion, 4)), order(index, found));
  }
}

TEST(Judge, finds_by_neighbours_what_no_word_of_the_question_finds) {
  std::vector<Passage> passages = notes();
  passages.push_back(note("weather", "Rain and frost are expected in the evening."));
  const Index index(passages);
  const SearchResult found = index.search("Will there be snow?", 3);
  ASSERT_FALSE(found.hits.empty());
  EXPECT_EQ(order(index, found).front(), "weather");
  // Nothing that was asked stands there, which is what answers and thresholds go by.
  EXPECT_EQ(found.hits.front().score, 0);
  EXPECT_EQ(found.hits.front().evidence, 0);
  EXPECT_GT(found.hits.front().reach, 0);
}

TEST(Judge, changes_nothing_when_it_knows_no_word_of_the_question) {
  std::vector<Passage> passages;
  for (const char* content : {"Flurbl and more of it and again.", "Flurbl.", "Flurbl, flurbl."}) {
    passages.push_back(note("x", content));
  }
  passages.push_back(note("y", "The machine is here so that the language is English."));
  const Index index(passages);
  ASSERT_EQ(JudgeWords::built_in().find("flurbl"), kNoJudgeRow);
  const SearchResult found = index.search("flurbl", 3);
  ASSERT_EQ(found.hits.size(), 3u);
  EXPECT_GE(found.hits[0].score, found.hits[1].score);
  EXPECT_GE(found.hits[1].score, found.hits[2].score);
}

TEST(Judge, is_silent_in_other_languages) {
  const std::vector<Passage> passages = {
      note("1", "Wir liefern nach Berlin und auch in die anderen Orte. Das System ist neu."),
      note("2", "Der Server und das System werden am Abend gestartet, und das ist gut so."),
      note("3", "Das System ist nicht für alle da, und der Rest kommt mit der Post.")};
  const Index index(passages);
  ASSERT_EQ(index.language(), text::Language::german);
  const SearchResult found = index.search("server system", 3);
  for (std::size_t i = 1; i < found.hits.size(); ++i) {
    EXPECT_GE(found.hits[i - 1].score, found.hits[i].score);
  }
}

TEST(Judge, speaks_beside_a_model_that_says_what_is_near) {
  const std::vector<Passage> passages = notes();
  Vectors meanings(4);
  const std::vector<std::vector<float>> rows = {
      {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  for (const auto& row : rows) meanings.add(row);
  const Index index(passages, std::move(meanings));
  const SearchResult by_model = index.search(kQuestion, 4, View(index, Audience()), rows[1]);
  // The service of the model did not answer: words and the table decide.
  const SearchResult alone = index.search(kQuestion, 4);
  EXPECT_EQ(order(index, alone).front(), "lock");
  EXPECT_EQ(order(index, alone).back(), "coffee");
  EXPECT_EQ(order(index, by_model).front(), "lock");
  EXPECT_NE(order(index, by_model).back(), "coffee");
}

}  // namespace
}  // namespace chatpad::knowledge

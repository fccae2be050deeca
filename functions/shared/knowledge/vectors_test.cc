#include "functions/shared/knowledge/vectors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace chatpad::knowledge {
namespace {

constexpr Int8Path kPaths[] = {Int8Path::portable, Int8Path::avx2, Int8Path::avx512_vnni};

std::vector<float> random_row(std::mt19937& random, std::size_t width) {
  std::normal_distribution<float> normal;
  std::vector<float> row(width);
  for (float& value : row) value = normal(random);
  return row;
}

// The plain way: the cosine of every row, sorted.
std::vector<std::size_t> plain(const std::vector<std::vector<float>>& rows,
                               const std::vector<float>& query, std::size_t count,
                               const std::vector<std::uint8_t>& shown) {
  std::vector<std::pair<double, std::size_t>> scored;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!shown.empty() && shown[i] == 0) continue;
    double dot = 0;
    double length = 0;
    for (std::size_t k = 0; k < query.size(); ++k) {
      dot += static_cast<double>(rows[i][k]) * query[k];
      length += static_cast<double>(rows[i][k]) * rows[i][k];
    }
    scored.emplace_back(-dot / std::sqrt(length), i);
  }
  std::sort(scored.begin(), scored.end());
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < std::min(count, scored.size()); ++i) best.push_back(scored[i].second);
  return best;
}

TEST(Int8Dot, gives_the_same_on_every_path) {
  std::mt19937 random(1);
  for (const std::size_t width : {64U, 128U, 192U, 768U, 1536U}) {
    const std::size_t count = 37;
    std::vector<std::int8_t> rows(count * width);
    std::vector<std::int8_t> query(width);
    std::vector<std::int32_t> sums(count, 0);
    const auto byte = [&](bool extreme) {
      if (extreme) return static_cast<std::int8_t>(random() % 2 == 0 ? 127 : -127);
      return static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
    };
    for (const bool extreme : {false, true}) {
      for (auto& value : query) value = byte(extreme);
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = byte(extreme);
      for (std::size_t i = 0; i < count; ++i) {
        sums[i] = 0;
        for (std::size_t k = 0; k < width; ++k) sums[i] += rows[i * width + k];
      }
      std::vector<std::int32_t> expected(count);
      int8_dots(Int8Path::portable, {rows.data(), sums.data(), count, width}, query.data(),
                expected.data());
      for (const Int8Path path : kPaths) {
        if (!can_run(path)) continue;
        std::vector<std::int32_t> got(count, 7);
        int8_dots(path, {rows.data(), sums.data(), count, width}, query.data(), got.data());
        EXPECT_EQ(got, expected) << name_of(path) << " " << width;
      }
    }
  }
}

TEST(Vectors, finds_exactly_the_nearest_whatever_is_hidden) {
  std::mt19937 random(2);
  for (const std::size_t width : {1U, 3U, 64U, 100U, 384U}) {
    Vectors vectors(width);
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 700; ++i) rows.push_back(random_row(random, width));
    for (int i = 0; i < 5; ++i) rows[static_cast<std::size_t>(i) * 90][0] *= 1000;
    for (const auto& row : rows) vectors.add(row);
    for (int round = 0; round < 20; ++round) {
      const std::vector<float> query = random_row(random, width);
      std::vector<std::uint8_t> shown;
      if (round % 2 == 1) {
        for (std::size_t i = 0; i < rows.size(); ++i) shown.push_back(random() % 3 == 0);
      }
      const auto expected = plain(rows, query, 10, shown);
      for (const Int8Path path : kPaths) {
        if (!can_run(path)) continue;
        vectors.use(path);
        const auto near = vectors.nearest(query, 10, shown);
        ASSERT_EQ(near.size(), expected.size());
        for (std::size_t i = 0; i < near.size(); ++i) {
          if (width == 1) continue;  // every row is as near as every other on its side
          EXPECT_EQ(near[i].row, expected[i]) << width << " " << name_of(path);
        }
      }
    }
  }
}

TEST(Vectors, of_close_neighbours_are_told_apart_by_the_floats) {
  std::mt19937 random(3);
  const std::vector<float> base = random_row(random, 256);
  Vectors vectors(256);
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 400; ++i) {
    std::vector<float> row = base;
    for (float& value : row) value += 2e-2F * std::normal_distribution<float>()(random);
    rows.push_back(row);
    vectors.add(row);
  }
  const auto near = vectors.nearest(base, 5, {});
  const auto expected = plain(rows, base, 5, {});
  ASSERT_EQ(near.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(near[i].row, expected[i]);
}

// As many rows as kScannedRows are looked at in any case: here, all that are shown.
TEST(Vectors, in_clusters_are_found_as_before) {
  std::mt19937 random(4);
  Vectors vectors(70);
  Vectors grouped(70);
  for (int i = 0; i < 3000; ++i) {
    const auto row = i % 100 == 0 ? std::vector<float>(70, 0.0F) : random_row(random, 70);
    vectors.add(row);
    grouped.add(row);
  }
  grouped.group(3000);
  grouped.group(1000);
  for (int round = 0; round < 30; ++round) {
    std::vector<std::uint8_t> shown;
    for (std::size_t i = 0; round % 3 != 0 && i < vectors.size(); ++i) {
      shown.push_back(random() % (round % 3 == 1 ? 2 : 200) == 0);
    }
    const std::vector<float> query = random_row(random, 70);
    const auto expected = vectors.nearest(query, 8, shown);
    const auto near = grouped.nearest(query, 8, shown);
    ASSERT_EQ(near.size(), expected.size());
    for (std::size_t i = 0; i < near.size(); ++i) {
      EXPECT_EQ(near[i].row, expected[i].row);
      EXPECT_EQ(near[i].similarity, expected[i].similarity);
    }
  }
  EXPECT_EQ(grouped.size(), 3000u);
  EXPECT_EQ(grouped.similarity(1, 2), vectors.similarity(1, 2));
}

TEST(Vectors, of_which_all_are_nothing_are_not_grouped) {
  Vectors vectors(8);
  for (int i = 0; i < 10; ++i) vectors.add(std::vector<float>(8, 0.0F));
  vectors.group(5);
  EXPECT_EQ(vectors.nearest(std::vector<float>(8, 1.0F), 3).size(), 3u);
}

TEST(Vectors, that_are_none_are_like_nothing) {
  Vectors vectors(8);
  const float bad = std::numeric_limits<float>::quiet_NaN();
  vectors.add(std::vector<float>(8, 0.0F));
  vectors.add(std::vector<float>(3, 1.0F));
  vectors.add(std::vector<float>(8, bad));
  vectors.add(std::vector<float>(8, std::numeric_limits<float>::infinity()));
  vectors.add(std::vector<float>{1, 0, 0, 0, 0, 0, 0, 0});
  const auto near = vectors.nearest(std::vector<float>{1, 0, 0, 0, 0, 0, 0, 0}, 9, {});
  ASSERT_EQ(near.size(), 5u);
  EXPECT_EQ(near.front().row, 4u);
  EXPECT_FLOAT_EQ(near.front().similarity, 1.0F);
  EXPECT_EQ(near[1].similarity, 0.0F);
  EXPECT_TRUE(vectors.nearest(std::vector<float>(8, 0.0F), 3, {}).empty());
  EXPECT_TRUE(vectors.nearest(std::vector<float>(7, 1.0F), 3, {}).empty());
  EXPECT_TRUE(vectors.nearest(std::vector<float>(8, bad), 3, {}).empty());
  EXPECT_TRUE(Vectors(8).nearest(std::vector<float>(8, 1.0F), 3, {}).empty());
}

TEST(Clusters, hold_every_row_once_and_near_ones_together) {
  constexpr std::size_t kWidth = kInt8Step;
  constexpr std::size_t kTopics = 12;
  constexpr std::size_t kRows = 2000;
  std::mt19937 random(5);
  std::vector<std::int8_t> rows;
  std::vector<std::int32_t> sums;
  for (std::size_t i = 0; i < kRows; ++i) {
    // A topic has five bytes of its own; every 50th row is nothing.
    std::vector<std::int8_t> row(kWidth, 0);
    for (std::size_t k = 0; k < 5 && i % 50 != 0; ++k) {
      row[i % kTopics * 5 + k] = static_cast<std::int8_t>(60 + random() % 60);
    }
    rows.insert(rows.end(), row.begin(), row.end());
    sums.push_back(std::accumulate(row.begin(), row.end(), 0));
  }
  const Int8Rows all{rows.data(), sums.data(), kRows, kWidth};
  const Clusters clusters(Int8Path::portable, all);
  std::vector<std::uint32_t> sorted(clusters.order().begin(), clusters.order().end());
  const std::vector<std::uint32_t> first = sorted;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < kRows; ++i) {
    if (i % 50 != 0) expected.push_back(i);
  }
  EXPECT_EQ(sorted, expected);
  for (std::size_t cluster = 0; cluster < clusters.size(); ++cluster) {
    const auto [begin, end] = clusters.run(cluster);
    for (std::size_t at = begin; at < end; ++at) {
      EXPECT_EQ(clusters.order()[at] % kTopics, clusters.order()[begin] % kTopics);
    }
  }
  for (std::uint32_t row = 1; row <= kTopics; ++row) {
    std::size_t at = 0;
    for (const std::uint32_t cluster :
         clusters.nearest(Int8Path::portable, rows.data() + row * kWidth)) {
      const auto [begin, end] = clusters.run(cluster);
      if (begin == end) continue;
      EXPECT_EQ(clusters.order()[begin] % kTopics, row % kTopics) << "the first one with rows";
      at = begin;
      break;
    }
    EXPECT_LT(at, clusters.order().size());
  }
  const Clusters again(Int8Path::portable, all);
  EXPECT_EQ(std::vector<std::uint32_t>(again.order().begin(), again.order().end()), first);
}

}  // namespace
}  // namespace chatpad::knowledge

// The search of functions/shared/knowledge/vectors.h: how long a query takes on every path this
// machine has, and how much it finds of what a plain scan of the floats finds.
//
//   search ROWS WIDTH QUERIES [texts]        prints one line of JSON a path
//
// Vectors are random, or are made as those of texts are: a few dozen numbers decide (kInner), many
// texts are about the same (kTopics), and the rest is noise. Above kExactRowsMax the best path is
// grouped.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "functions/shared/knowledge/vectors.h"

using namespace chatpad::knowledge;

namespace {

constexpr std::size_t kNearest = 10;
constexpr std::size_t kGroupedRounds = 10;  // they take half a second each
constexpr std::size_t kInner = 32;
constexpr std::size_t kTopics = 5000;
constexpr float kWithinTopic = 0.6F;
constexpr float kNoise = 0.3F;

using Row = std::vector<float>;

class Maker {
 public:
  Maker(std::size_t width, bool texts) : width_(width), texts_(texts) {
    if (!texts) return;
    for (std::vector<float>* numbers : {&spread_, &topics_}) {
      numbers->resize(kInner * (numbers == &spread_ ? width : kTopics));
      for (float& value : *numbers) value = normal_(random_);
    }
  }

  void make(std::span<float> row) {
    if (!texts_) {
      for (float& value : row) value = normal_(random_);
      return;
    }
    const float* topic = topics_.data() + random_() % kTopics * kInner;
    float inner[kInner];
    for (std::size_t i = 0; i < kInner; ++i) inner[i] = topic[i] + kWithinTopic * normal_(random_);
    for (std::size_t k = 0; k < width_; ++k) {
      float value = 0;
      for (std::size_t i = 0; i < kInner; ++i) value += spread_[k * kInner + i] * inner[i];
      row[k] = value / std::sqrt(static_cast<float>(kInner)) + kNoise * normal_(random_);
    }
  }

 private:
  std::mt19937 random_{7};
  std::normal_distribution<float> normal_;
  std::size_t width_;
  bool texts_;
  std::vector<float> spread_;
  std::vector<float> topics_;
};

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

// Every float of every row: the answer, and the time of whoever has only that.
std::vector<std::size_t> plain(const std::vector<float>& rows, const Row& query,
                               std::size_t width) {
  const std::size_t count = rows.size() / width;
  std::vector<std::pair<float, std::size_t>> scored(count);
  for (std::size_t i = 0; i < count; ++i) {
    float dot = 0;
    float length = 0;
    for (std::size_t k = 0; k < width; ++k) {
      const float value = rows[i * width + k];
      dot += value * query[k];
      length += value * value;
    }
    scored[i] = {-dot / std::sqrt(length), i};
  }
  std::partial_sort(scored.begin(), scored.begin() + kNearest, scored.end());
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < kNearest; ++i) best.push_back(scored[i].second);
  return best;
}

void print(const char* path, std::vector<double> times, double recall, std::size_t bytes) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[std::min(times.size() - 1, static_cast<std::size_t>(share * times.size()))];
  };
  std::printf(
      "{\"path\":\"%s\",\"p50\":%.4f,\"p95\":%.4f,\"p99\":%.4f,\"recall\":%.4f,\"bytes\":%zu}\n",
      path, at(0.5), at(0.95), at(0.99), recall, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) return 2;
  const std::size_t count = std::strtoul(argv[1], nullptr, 10);
  const std::size_t width = std::strtoul(argv[2], nullptr, 10);
  const std::size_t queries = std::strtoul(argv[3], nullptr, 10);
  Maker maker(width, argc == 5);
  std::vector<float> rows(count * width);
  for (std::size_t i = 0; i < count; ++i) maker.make(std::span(rows).subspan(i * width, width));
  Vectors vectors(width);
  vectors.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    vectors.add(std::span<const float>(rows).subspan(i * width, width));
  }
  std::vector<Row> asked(queries, Row(width));
  for (Row& query : asked) maker.make(query);
  std::vector<std::vector<std::size_t>> right;
  std::vector<double> times;
  for (const Row& query : asked) {
    const auto start = std::chrono::steady_clock::now();
    right.push_back(plain(rows, query, width));
    times.push_back(ms_since(start));
  }
  print("floats", times, 1.0, rows.size() * sizeof(float));
  const auto measure = [&](std::string name, std::size_t rounds) {
    times.clear();
    std::size_t found = 0;
    for (std::size_t n = 0; n < rounds * asked.size(); ++n) {
      const std::size_t i = n % asked.size();
      const auto start = std::chrono::steady_clock::now();
      const std::vector<Near> near = vectors.nearest(asked[i], kNearest);
      times.push_back(ms_since(start));
      for (const Near& one : near) {
        found += std::find(right[i].begin(), right[i].end(), one.row) != right[i].end();
      }
    }
    const auto all = static_cast<double>(kNearest * queries * rounds);
    const double recall = static_cast<double>(found) / all;
    print(name.c_str(), times, recall, vectors.bytes());
  };
  for (const Int8Path path : {Int8Path::portable, Int8Path::avx2, Int8Path::avx512_vnni}) {
    if (!can_run(path)) continue;
    vectors.use(path);
    measure(std::string(name_of(path)), 1);
  }
  if (count <= kExactRowsMax) return 0;
  const auto start = std::chrono::steady_clock::now();
  vectors.group();
  std::fprintf(stderr, "grouped in %.1f s\n", ms_since(start) / 1000);
  measure("grouped", kGroupedRounds);
  return 0;
}

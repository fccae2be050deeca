// Trains the word vectors of functions/shared/knowledge/judge_words.bin (README.md in this folder).
//
//   train PAIRS VOCABULARY GLOVE OUT [EPOCHS]
//
// PAIRS has a query and a passage a line, both as stems, a tab between them; VOCABULARY a stem and
// its rarity a line; GLOVE 100 floats for each of its stems, all 0 where there is none to begin
// with. Each stem has a vector and two weights, as a word of a query and as one of a passage. A
// text is the sum of its stems' weighted vectors, each once. The loss wants the passage of a pair
// nearer to its query than the passages of the other pairs of the batch, and the other way round
// for half as much (InfoNCE; Henderson et al., "Efficient Natural Language Response Suggestion",
// 2017), by AdaGrad. What a query and its passage have in common is often taken off the passage, so
// that other words have to do. OUT: for each stem its vector and the two weights, as floats.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::size_t kDims = 96;
constexpr std::size_t kGloveDims = 100;
constexpr std::size_t kBatch = 512;
constexpr std::size_t kQueryStems = 24;
constexpr std::size_t kPassageStems = 120;
constexpr std::size_t kPassageStemsLeast = 5;
constexpr float kTemperature = 0.1F;
constexpr float kRate = 0.02F;
constexpr float kRateAtEnd = 0.1F;        // share of kRate
constexpr float kQueryDrop = 0.3F;        // of the stems of a query
constexpr float kSharedDropPairs = 0.7F;  // of the pairs lose
constexpr float kSharedDrop = 0.7F;       // of the stems that the passage shares with the query
constexpr float kBackShare = 0.5F;        // of the loss from passage to query
constexpr float kWeightLeast = 0.01F;
constexpr float kRarityToWeight = 1 / 6.0F;
constexpr std::uint32_t kSeed = 11;

using Stems = std::vector<std::uint32_t>;

struct Pair {
  Stems query;
  Stems passage;
};

bool has(const Stems& stems, std::uint32_t stem) {
  return std::find(stems.begin(), stems.end(), stem) != stems.end();
}

float dot(const float* a, const float* b) {
  float sum = 0;
  for (std::size_t i = 0; i < kDims; ++i) sum += a[i] * b[i];
  return sum;
}

// Numbers that are trained, with the squares of what has moved them.
struct Trained {
  std::vector<float> value;
  std::vector<float> moved;

  explicit Trained(std::size_t count) : value(count), moved(count, 1e-8F) {}

  void step(std::size_t at, float gradient, float rate) {
    moved[at] += gradient * gradient;
    value[at] -= rate * gradient / std::sqrt(moved[at]);
  }
};

// Texts of a batch as unit vectors, and the length that each had.
struct Texts {
  std::vector<float> unit = std::vector<float>(kBatch * kDims, 0.0F);
  std::vector<float> length = std::vector<float>(kBatch, 0.0F);
};

class Trainer {
 public:
  Trainer(const char* vocabulary, const char* glove) : random_(kSeed) {
    std::ifstream lines(vocabulary);
    std::vector<float> rarity;
    float number = 0;
    for (std::string stem; lines >> stem >> number;) {
      number_of_.emplace(stem, static_cast<std::uint32_t>(rarity.size()));
      rarity.push_back(number);
    }
    vectors_ = Trained(rarity.size() * kDims);
    in_query_ = Trained(rarity.size());
    in_passage_ = Trained(rarity.size());
    for (std::size_t i = 0; i < rarity.size(); ++i) {
      in_query_.value[i] = in_passage_.value[i] = rarity[i] * kRarityToWeight;
    }
    begin(glove);
  }

  void read_pairs(const char* path) {
    std::ifstream lines(path);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) continue;
      Pair pair{read(line.substr(0, tab), kQueryStems), read(line.substr(tab + 1), kPassageStems)};
      if (pair.query.empty() || pair.passage.size() < kPassageStemsLeast) continue;
      pairs_.push_back(std::move(pair));
    }
    std::fprintf(stderr, "%zu pairs, %zu stems\n", pairs_.size(), number_of_.size());
  }

  void run(std::size_t epochs) {
    std::vector<std::size_t> order(pairs_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t steps = order.size() / kBatch;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      std::shuffle(order.begin(), order.end(), random_);
      loss_ = 0;
      for (std::size_t i = 0; i < steps; ++i) {
        const float done =
            static_cast<float>(epoch * steps + i) / static_cast<float>(epochs * steps);
        rate_ = kRate * (1 - (1 - kRateAtEnd) * done);
        take_batch(order.data() + i * kBatch);
        step();
      }
      std::fprintf(stderr, "epoch %zu: loss %.3f\n", epoch + 1,
                   loss_ / static_cast<double>(steps * kBatch));
    }
  }

  bool write(const char* path) const {
    FILE* out = std::fopen(path, "wb");
    if (out == nullptr) return false;
    for (std::size_t i = 0; i < number_of_.size(); ++i) {
      std::fwrite(&vectors_.value[i * kDims], sizeof(float), kDims, out);
      std::fwrite(&in_query_.value[i], sizeof(float), 1, out);
      std::fwrite(&in_passage_.value[i], sizeof(float), 1, out);
    }
    return std::fclose(out) == 0;
  }

 private:
  // GloVe's vector where there is one, cut to kDims; else one by chance.
  void begin(const char* glove) {
    std::normal_distribution<float> chance(0, 1 / std::sqrt(static_cast<float>(kDims)));
    for (float& value : vectors_.value) value = chance(random_);
    std::ifstream in(glove, std::ios::binary);
    std::vector<float> row(kGloveDims);
    const auto bytes = static_cast<std::streamsize>(kGloveDims * sizeof(float));
    for (std::size_t i = 0; i < number_of_.size(); ++i) {
      if (!in.read(reinterpret_cast<char*>(row.data()), bytes)) return;
      const float length = std::sqrt(dot(row.data(), row.data()));
      if (length == 0) continue;
      for (std::size_t k = 0; k < kDims; ++k) vectors_.value[i * kDims + k] = row[k] / length;
    }
  }

  Stems read(const std::string& text, std::size_t most) const {
    Stems stems;
    std::istringstream words(text);
    for (std::string word; stems.size() < most && words >> word;) {
      const auto found = number_of_.find(word);
      if (found != number_of_.end() && !has(stems, found->second)) stems.push_back(found->second);
    }
    return stems;
  }

  bool by_chance(float share) {
    return std::uniform_real_distribution<float>(0, 1)(random_) < share;
  }

  void take_batch(const std::size_t* order) {
    batch_.assign(kBatch, {});
    for (std::size_t i = 0; i < kBatch; ++i) {
      const Pair& pair = pairs_[order[i]];
      auto& [query, passage] = batch_[i];
      for (const std::uint32_t stem : pair.query) {
        if (pair.query.size() <= 2 || !by_chance(kQueryDrop)) query.push_back(stem);
      }
      if (query.empty()) query = pair.query;
      const bool drops = by_chance(kSharedDropPairs);
      for (const std::uint32_t stem : pair.passage) {
        if (!drops || !has(query, stem) || !by_chance(kSharedDrop)) passage.push_back(stem);
      }
      if (passage.empty()) passage = pair.passage;
    }
  }

  void add_up(const Stems& stems, const Trained& weight, std::size_t at, Texts& texts) const {
    float* sum = &texts.unit[at * kDims];
    for (const std::uint32_t stem : stems) {
      const float* vector = &vectors_.value[stem * kDims];
      for (std::size_t k = 0; k < kDims; ++k) sum[k] += weight.value[stem] * vector[k];
    }
    texts.length[at] = std::sqrt(dot(sum, sum)) + 1e-6F;
    for (std::size_t k = 0; k < kDims; ++k) sum[k] /= texts.length[at];
  }

  // What the loss says of a text goes to its stems.
  void hand_down(const Stems& stems, Trained& weight, std::size_t at, const Texts& texts,
                 const float* gradient) {
    const float* unit = &texts.unit[at * kDims];
    const float along = dot(unit, gradient);
    float of_sum[kDims];
    for (std::size_t k = 0; k < kDims; ++k) {
      of_sum[k] = (gradient[k] - along * unit[k]) / texts.length[at];
    }
    for (const std::uint32_t stem : stems) {
      const float of_weight = dot(of_sum, &vectors_.value[stem * kDims]);
      const float share = weight.value[stem];
      for (std::size_t k = 0; k < kDims; ++k) {
        vectors_.step(stem * kDims + k, of_sum[k] * share, rate_);
      }
      weight.step(stem, of_weight, rate_);
      weight.value[stem] = std::max(weight.value[stem], kWeightLeast);
    }
  }

  // The gradient of the cosines: the softmax of each row, and of each column, less the right one.
  std::vector<float> gradients(const std::vector<float>& cosines) {
    std::vector<float> out(kBatch * kBatch, 0.0F);
    std::vector<float> power(kBatch);
    for (const bool back : {false, true}) {
      const float share = back ? kBackShare : 1.0F;
      for (std::size_t i = 0; i < kBatch; ++i) {
        const auto at = [&](std::size_t j) { return back ? j * kBatch + i : i * kBatch + j; };
        float total = 0;
        for (std::size_t j = 0; j < kBatch; ++j) {
          power[j] = std::exp((cosines[at(j)] - 1) / kTemperature);
          total += power[j];
        }
        if (!back) loss_ -= std::log(power[i] / total);
        for (std::size_t j = 0; j < kBatch; ++j) {
          out[at(j)] += share * (power[j] / total - (i == j ? 1.0F : 0.0F));
        }
      }
    }
    return out;
  }

  void step() {
    Texts queries;
    Texts passages;
    for (std::size_t i = 0; i < kBatch; ++i) {
      add_up(batch_[i].query, in_query_, i, queries);
      add_up(batch_[i].passage, in_passage_, i, passages);
    }
    std::vector<float> cosines(kBatch * kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
      for (std::size_t j = 0; j < kBatch; ++j) {
        cosines[i * kBatch + j] = dot(&queries.unit[i * kDims], &passages.unit[j * kDims]);
      }
    }
    const std::vector<float> of_cosine = gradients(cosines);
    std::vector<float> of_query(kBatch * kDims, 0.0F);
    std::vector<float> of_passage(kBatch * kDims, 0.0F);
    for (std::size_t i = 0; i < kBatch; ++i) {
      for (std::size_t j = 0; j < kBatch; ++j) {
        const float by = of_cosine[i * kBatch + j] / (kTemperature * kBatch);
        if (std::fabs(by) < 1e-7F) continue;
        for (std::size_t k = 0; k < kDims; ++k) {
          of_query[i * kDims + k] += by * passages.unit[j * kDims + k];
          of_passage[j * kDims + k] += by * queries.unit[i * kDims + k];
        }
      }
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      hand_down(batch_[i].query, in_query_, i, queries, &of_query[i * kDims]);
      hand_down(batch_[i].passage, in_passage_, i, passages, &of_passage[i * kDims]);
    }
  }

  std::mt19937 random_;
  std::unordered_map<std::string, std::uint32_t> number_of_;
  Trained vectors_{0};
  Trained in_query_{0};
  Trained in_passage_{0};
  std::vector<Pair> pairs_;
  std::vector<Pair> batch_;
  float rate_ = kRate;
  double loss_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  Trainer trainer(argv[2], argv[3]);
  trainer.read_pairs(argv[1]);
  trainer.run(argc > 5 ? std::strtoul(argv[5], nullptr, 10) : 6);
  return trainer.write(argv[4]) ? 0 : 1;
}

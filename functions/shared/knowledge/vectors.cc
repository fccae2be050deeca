#include "functions/shared/knowledge/vectors.h"

#include <algorithm>
#include <cmath>

namespace chatpad::knowledge {
namespace {

constexpr float kByteMost = 127.0F;
// Sums of floats differ by their order; no bound is meant more exactly than this.
constexpr float kFloatSlack = 1e-5F;
constexpr std::size_t kHiddenBetween = 16;

float length_of(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value) * value;
  return static_cast<float>(std::sqrt(sum));
}

struct Rounded {
  float scale = 0;
  float error = 0;  // the length of what was rounded away
  std::int32_t sum = 0;
};

Rounded round_to_bytes(std::span<const float> row, std::int8_t* out) {
  float most = 0;
  for (const float value : row) most = std::max(most, std::fabs(value));
  Rounded rounded;
  if (most == 0) return rounded;
  rounded.scale = most / kByteMost;
  double error = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float byte = std::nearbyint(row[i] / rounded.scale);
    out[i] = static_cast<std::int8_t>(std::clamp(byte, -kByteMost, kByteMost));
    rounded.sum += out[i];
    const double off = static_cast<double>(row[i]) - static_cast<double>(out[i]) * rounded.scale;
    error += off * off;
  }
  rounded.error = static_cast<float>(std::sqrt(error));
  return rounded;
}

// The count-th greatest of the values; less than all when there are fewer.
class Greatest {
 public:
  explicit Greatest(std::size_t count) : count_(count) {}
  void add(float value) {
    if (heap_.size() < count_) {
      heap_.push_back(value);
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    } else if (value > heap_.front()) {
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      heap_.back() = value;
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
  }
  float least() const { return heap_.size() < count_ ? -2.0F : heap_.front(); }

 private:
  std::size_t count_;
  std::vector<float> heap_;
};

template <class T>
std::vector<T> in_order(const std::vector<T>& values, std::span<const std::uint32_t> order) {
  std::vector<T> sorted(order.size());
  std::transform(order.begin(), order.end(), sorted.begin(),
                 [&](std::uint32_t row) { return values[row]; });
  return sorted;
}

}  // namespace

Vectors::Vectors(std::size_t width)
    : width_(std::min(width, kVectorWidthMax)),
      padded_((width_ + kInt8Step - 1) / kInt8Step * kInt8Step) {}

void Vectors::reserve(std::size_t rows) {
  floats_.reserve(rows * width_);
  rows_.reserve(rows * padded_);
  row_sums_.reserve(rows);
  scales_.reserve(rows);
  errors_.reserve(rows);
}

void Vectors::add(std::span<const float> row) {
  std::vector<float> unit(width_, 0.0F);
  const float length = row.size() == width_ ? length_of(row) : 0.0F;
  if (std::isfinite(length) && length > 0) {
    std::transform(row.begin(), row.end(), unit.begin(), [&](float v) { return v / length; });
  }
  ++count_;
  floats_.insert(floats_.end(), unit.begin(), unit.end());
  rows_.resize(rows_.size() + padded_, 0);
  const Rounded rounded = round_to_bytes(unit, rows_.data() + rows_.size() - padded_);
  row_sums_.push_back(rounded.sum);
  scales_.push_back(rounded.scale);
  errors_.push_back(rounded.error);
}

float Vectors::score(std::size_t row, const float* query) const {
  const float* values = floats_.data() + row * width_;
  // Eight sums side by side, so that the compiler may use whatever registers there are.
  float sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= width_; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) sums[k] += values[i + k] * query[i + k];
  }
  float rest = 0;
  for (; i < width_; ++i) rest += values[i] * query[i];
  for (const float sum : sums) rest += sum;
  return rest;
}

float Vectors::similarity(std::size_t left, std::size_t right) const {
  return score(left, floats_.data() + right * width_);
}

// The bytes move together with what belongs to them; the floats stay in the order of the rows.
void Vectors::group(std::size_t exact_max) {
  if (size() <= exact_max || !clusters_.empty()) return;
  clusters_ = Clusters(path_, {rows_.data(), row_sums_.data(), size(), padded_});
  if (clusters_.empty()) return;
  const std::span<const std::uint32_t> order = clusters_.order();
  LargeVector<std::int8_t> rows(order.size() * padded_);
  for (std::size_t at = 0; at < order.size(); ++at) {
    std::copy_n(rows_.data() + order[at] * padded_, padded_, rows.data() + at * padded_);
  }
  rows_ = std::move(rows);
  row_sums_ = in_order(row_sums_, order);
  scales_ = in_order(scales_, order);
  errors_ = in_order(errors_, order);
}

// Where the bytes of shown rows are that have to be looked at. Few hidden ones between two shown
// ones are looked at too, so that the pieces stay long.
std::vector<Clusters::Run> Vectors::to_scan(const std::int8_t* query,
                                            std::span<const std::uint8_t> shown) const {
  std::vector<Clusters::Run> runs;
  std::size_t seen = 0;
  const auto add = [&](Clusters::Run run) {
    if (shown.empty()) {
      runs.push_back(run);
      seen += run.end - run.begin;
      return;
    }
    const std::size_t before = runs.size();
    for (std::size_t at = run.begin; at < run.end; ++at) {
      if (shown[row_at(at)] == 0) continue;
      ++seen;
      if (runs.size() > before && at - runs.back().end <= kHiddenBetween) {
        runs.back().end = at + 1;
      } else {
        runs.push_back({at, at + 1});
      }
    }
  };
  if (clusters_.empty()) {
    add({0, size()});
    return runs;
  }
  const std::size_t enough = std::max(kScannedRows, size() / kScannedShare);
  for (const std::uint32_t cluster : clusters_.nearest(path_, query)) {
    if (seen >= enough) break;
    add(clusters_.run(cluster));
  }
  return runs;
}

std::vector<Near> Vectors::nearest(std::span<const float> query, std::size_t count,
                                   std::span<const std::uint8_t> shown) const {
  const float length = query.size() == width_ ? length_of(query) : 0.0F;
  if (count == 0 || size() == 0 || !std::isfinite(length) || length == 0) return {};
  std::vector<float> unit(width_);
  std::transform(query.begin(), query.end(), unit.begin(), [&](float v) { return v / length; });
  std::vector<std::int8_t> bytes(padded_, 0);
  const Rounded rounded = round_to_bytes(unit, bytes.data());

  struct AtMost {
    std::size_t row;
    float score;
  };
  std::vector<AtMost> scanned;
  Greatest least(count);
  std::vector<std::int32_t> dots;
  for (const Clusters::Run run : to_scan(bytes.data(), shown)) {
    const std::size_t rows = run.end - run.begin;
    dots.resize(rows);
    int8_dots(path_,
              {rows_.data() + run.begin * padded_, row_sums_.data() + run.begin, rows, padded_},
              bytes.data(), dots.data());
    scanned.reserve(scanned.size() + rows);
    // |q.r - q'.r'| <= |q - q'| |r'| + |q| |r - r'|, where |q| = 1 and |r'| <= 1 + |r - r'|.
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t at = run.begin + i;
      const std::size_t row = row_at(at);
      if (!shown.empty() && shown[row] == 0) continue;
      const float about = static_cast<float>(dots[i]) * scales_[at] * rounded.scale;
      const float off = rounded.error * (1 + errors_[at]) + errors_[at] + kFloatSlack;
      scanned.push_back({row, about + off});
      least.add(about - off);
    }
  }
  const float least_best = least.least();
  std::vector<Near> near;
  for (const AtMost& one : scanned) {
    if (one.score >= least_best) near.push_back({one.row, score(one.row, unit.data())});
  }
  const auto better = [](const Near& a, const Near& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
  };
  const std::size_t kept = std::min(count, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(kept), near.end(),
                    better);
  near.resize(kept);
  return near;
}

std::size_t Vectors::bytes() const {
  return floats_.capacity() * sizeof(float) + rows_.capacity() +
         row_sums_.capacity() * sizeof(std::int32_t) +
         (scales_.capacity() + errors_.capacity()) * sizeof(float) + clusters_.bytes();
}

}  // namespace chatpad::knowledge

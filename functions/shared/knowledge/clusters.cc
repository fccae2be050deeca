#include "functions/shared/knowledge/clusters.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace chatpad::knowledge {
namespace {

constexpr float kByteMost = 127.0F;

bool is_nothing(const Int8Rows& rows, std::size_t row) {
  const std::int8_t* bytes = rows.rows + row * rows.width;
  return std::all_of(bytes, bytes + rows.width, [](std::int8_t byte) { return byte == 0; });
}

// The rows that are something.
std::vector<std::uint32_t> rows_of(const Int8Rows& rows) {
  std::vector<std::uint32_t> kept;
  kept.reserve(rows.count);
  for (std::size_t row = 0; row < rows.count; ++row) {
    if (!is_nothing(rows, row)) kept.push_back(static_cast<std::uint32_t>(row));
  }
  return kept;
}

// `count` of them, evenly spread.
std::vector<std::uint32_t> spread(std::span<const std::uint32_t> rows, std::size_t count) {
  std::vector<std::uint32_t> some(std::min(rows.size(), count));
  for (std::size_t i = 0; i < some.size(); ++i) some[i] = rows[i * rows.size() / some.size()];
  return some;
}

}  // namespace

Clusters::Clusters(Int8Path path, const Int8Rows& rows) : width_(rows.width) {
  const std::vector<std::uint32_t> all = rows_of(rows);
  if (all.empty()) return;
  const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(all.size())));
  const std::size_t count = std::clamp<std::size_t>(root, 1, kClustersMax);
  centres_.resize(count * width_);
  centre_sums_.resize(count);
  centre_scales_.resize(count);
  learn(path, rows, spread(all, count * kSampleOfCluster));

  std::vector<std::uint32_t> cluster_of(all.size());
  std::vector<std::int32_t> dots(count);
  begin_.assign(count + 1, 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    cluster_of[i] = nearest_one(path, rows.rows + all[i] * width_, dots);
    ++begin_[cluster_of[i] + 1];
  }
  std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
  std::vector<std::size_t> next(begin_.begin(), begin_.end() - 1);
  order_.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) order_[next[cluster_of[i]]++] = all[i];
}

// Every row of the sample counts by its direction alone, as rows are of length 1.
void Clusters::learn(Int8Path path, const Int8Rows& rows, std::span<const std::uint32_t> sample) {
  const std::size_t count = centre_scales_.size();
  const auto add = [&](std::uint32_t row, std::span<float> sum) {
    const std::int8_t* bytes = rows.rows + row * width_;
    const double length = std::sqrt(std::inner_product(bytes, bytes + width_, bytes, 0.0));
    const auto scale = static_cast<float>(1 / length);
    for (std::size_t k = 0; k < width_; ++k) sum[k] += static_cast<float>(bytes[k]) * scale;
  };
  const std::vector<std::uint32_t> first = spread(sample, count);
  for (std::size_t cluster = 0; cluster < count; ++cluster) {
    std::vector<float> sum(width_, 0.0F);
    add(first[cluster], sum);
    put_centre(cluster, sum);
  }
  std::vector<std::int32_t> dots(count);
  for (int round = 0; round < kClusterRounds; ++round) {
    std::vector<float> sums(count * width_, 0.0F);
    for (const std::uint32_t row : sample) {
      const std::size_t cluster = nearest_one(path, rows.rows + row * width_, dots);
      add(row, std::span(sums).subspan(cluster * width_, width_));
    }
    for (std::size_t cluster = 0; cluster < count; ++cluster) {
      put_centre(cluster, std::span(sums).subspan(cluster * width_, width_));
    }
  }
}

// A centre that nothing came to stays where it was.
void Clusters::put_centre(std::size_t cluster, std::span<const float> sum) {
  float most = 0;
  double squares = 0;
  for (const float value : sum) {
    most = std::max(most, std::fabs(value));
    squares += static_cast<double>(value) * value;
  }
  if (most == 0) return;
  const float to_byte = kByteMost / most;
  std::int8_t* out = centres_.data() + cluster * width_;
  std::transform(sum.begin(), sum.end(), out, [&](float value) {
    return static_cast<std::int8_t>(std::nearbyint(value * to_byte));
  });
  centre_sums_[cluster] = std::accumulate(out, out + width_, std::int32_t{0});
  centre_scales_[cluster] = static_cast<float>(1 / (std::sqrt(squares) * to_byte));
}

Int8Rows Clusters::centres() const {
  return {centres_.data(), centre_sums_.data(), centre_scales_.size(), width_};
}

std::uint32_t Clusters::nearest_one(Int8Path path, const std::int8_t* row,
                                    std::vector<std::int32_t>& dots) const {
  int8_dots(path, centres(), row, dots.data());
  std::uint32_t best = 0;
  float most = -INFINITY;
  for (std::uint32_t i = 0; i < dots.size(); ++i) {
    const float near = static_cast<float>(dots[i]) * centre_scales_[i];
    if (near > most) {
      most = near;
      best = i;
    }
  }
  return best;
}

std::vector<std::uint32_t> Clusters::nearest(Int8Path path, const std::int8_t* query) const {
  std::vector<std::int32_t> dots(centre_scales_.size());
  int8_dots(path, centres(), query, dots.data());
  std::vector<float> near(dots.size());
  for (std::size_t i = 0; i < dots.size(); ++i) {
    near[i] = static_cast<float>(dots[i]) * centre_scales_[i];
  }
  std::vector<std::uint32_t> sorted(dots.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) {
    return near[a] != near[b] ? near[a] > near[b] : a < b;
  });
  return sorted;
}

std::size_t Clusters::bytes() const {
  return centres_.capacity() + centre_sums_.capacity() * sizeof(std::int32_t) +
         centre_scales_.capacity() * sizeof(float) + begin_.capacity() * sizeof(std::size_t) +
         order_.capacity() * sizeof(std::uint32_t);
}

}  // namespace chatpad::knowledge

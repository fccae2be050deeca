// Rows of bytes brought together by what they are near to, so that a search need not look at all.
//
// For: vectors.h above kExactRowsMax. An inverted file: k-means by cosine over a sample gives the
// centres, each row belongs to the centre nearest to it, and a search looks into the clusters whose
// centres are nearest to the query. The same rows always give the same clusters. Owner: whoever
// holds it; const methods are safe from several threads. Errors: none. Limits: kClustersMax; of a
// sample kSampleOfCluster rows a cluster.
// Source: Jégou, Douze, Schmid, "Product quantization for nearest neighbor search", section IV (the
// inverted file; rows are kept as bytes here, not as codes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "functions/shared/knowledge/int8_dot.h"

namespace chatpad::knowledge {

constexpr std::size_t kClustersMax = 4096;
constexpr std::size_t kSampleOfCluster = 32;
constexpr int kClusterRounds = 8;

class Clusters {
 public:
  Clusters() = default;
  /// About the square root of the number of rows.
  Clusters(Int8Path path, const Int8Rows& rows);

  bool empty() const { return begin_.empty(); }
  std::size_t size() const { return begin_.empty() ? 0 : begin_.size() - 1; }
  /// The rows in the order of their clusters. A row of zeroes is in none.
  std::span<const std::uint32_t> order() const { return order_; }

  /// Where in order() a cluster begins and ends.
  struct Run {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  Run run(std::size_t cluster) const { return {begin_[cluster], begin_[cluster + 1]}; }

  /// All clusters, the one nearest to the query (a row of bytes) first.
  std::vector<std::uint32_t> nearest(Int8Path path, const std::int8_t* query) const;

  std::size_t bytes() const;

 private:
  void learn(Int8Path path, const Int8Rows& rows, std::span<const std::uint32_t> sample);
  void put_centre(std::size_t cluster, std::span<const float> sum);
  std::uint32_t nearest_one(Int8Path path, const std::int8_t* row,
                            std::vector<std::int32_t>& dots) const;
  Int8Rows centres() const;

  std::size_t width_ = 0;
  std::vector<std::int8_t> centres_;
  std::vector<std::int32_t> centre_sums_;
  std::vector<float> centre_scales_;  // byte times scale is the number of a centre of length 1
  std::vector<std::size_t> begin_;
  std::vector<std::uint32_t> order_;
};

}  // namespace chatpad::knowledge

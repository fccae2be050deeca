// Vectors of passages, and the nearest of them to a query: exactly up to kExactRowsMax rows, among
// the nearest clusters above that.
//
// For: the half of a search that goes by meaning. Every row is kept twice: as bytes, which are
// scanned, and as floats, which decide. A scan bounds how far a row's rounding can have moved its
// score; every row that may be among the best by that bound is scored again with floats, so that
// the answer is the one a scan of the floats alone would give (vectors_test.cc). After group() the
// scan goes through the clusters nearest to the query until it has seen enough rows that are shown:
// a hidden row costs nothing of it. Owner: whoever holds it; const methods are safe from several
// threads. Errors: none; a vector of another width, or of length 0, is like nothing, and is not
// found after group(). Limits: kVectorWidthMax, kExactRowsMax, kScannedRows, kScannedShare; five
// bytes and a little more for each number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "functions/shared/knowledge/clusters.h"
#include "functions/shared/knowledge/int8_dot.h"
#include "functions/shared/knowledge/large_memory.h"

namespace chatpad::knowledge {

constexpr std::size_t kVectorWidthMax = 4096;
constexpr std::size_t kExactRowsMax = 200'000;
// Of grouped rows a search looks at this many that are shown, or at this part of all if that is
// more.
constexpr std::size_t kScannedRows = 40'000;
constexpr std::size_t kScannedShare = 16;

struct Near {
  std::size_t row = 0;
  float similarity = 0;  // cosine, -1..1
};

class Vectors {
 public:
  /// `width` numbers a row.
  explicit Vectors(std::size_t width);

  void reserve(std::size_t rows);
  /// The next row; it is brought to length 1.
  void add(std::span<const float> row);

  /// Brings the rows into clusters when there are more than `exact_max`; once, after the last one.
  /// Takes a second for about 20,000 rows.
  void group(std::size_t exact_max = kExactRowsMax);

  /// The `count` rows nearest to `query` among those with shown[row] != 0 (all when `shown` is
  /// empty), nearest first; of equals the first row comes first.
  std::vector<Near> nearest(std::span<const float> query, std::size_t count,
                            std::span<const std::uint8_t> shown = {}) const;

  float similarity(std::size_t left, std::size_t right) const;
  std::size_t size() const { return count_; }
  std::size_t width() const { return width_; }
  std::size_t bytes() const;

  /// For tests and measurements; the machine's best unless set.
  void use(Int8Path path) { path_ = path; }

 private:
  float score(std::size_t row, const float* query) const;
  std::vector<Clusters::Run> to_scan(const std::int8_t* query,
                                     std::span<const std::uint8_t> shown) const;
  std::size_t row_at(std::size_t place) const {
    return clusters_.empty() ? place : clusters_.order()[place];
  }

  std::size_t width_;
  std::size_t padded_;  // width of a row of bytes
  Int8Path path_ = best_int8_path();
  std::size_t count_ = 0;
  LargeVector<float> floats_;
  // From here on in the order of the clusters once there are some.
  LargeVector<std::int8_t> rows_;
  std::vector<std::int32_t> row_sums_;
  std::vector<float> scales_;  // of each row: byte times scale is about the number
  std::vector<float> errors_;  // of each row: the length of what rounding took away
  Clusters clusters_;
};

}  // namespace chatpad::knowledge

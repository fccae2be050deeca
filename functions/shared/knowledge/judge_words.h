// The trained table of word vectors that is part of the program (judge_words.bin), read in place.
//
// For: judge.h, which says how near a passage is to a question, search.cc, which also looks for the
// nearest words of a question's, and index.cc, which looks up the words of an index once. How the
// table was made stands in bench/judge/README.md. Owner: whoever holds the bytes; the built-in ones
// last as long as the program and are first touched when an English index is built. Errors: bytes
// that are no such table give nullopt. Limits: kJudgeRowsMax.
//
// Format, little endian: "CPJW", then uint32 version, rows, dims, letters; (rows + 1) x uint32
// where each stem begins in the letters; rows x float scale; rows x float ratio; rows x dims int8;
// rows x kJudgeNeighbours uint16, the nearest rows of each, nearest first, kNoJudgeRow where there
// are fewer; the letters. Stems are sorted by their bytes. A row's vector is scale * int8, as it
// counts in a passage; in a question it counts ratio times that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace chatpad::knowledge {

constexpr std::size_t kJudgeRowsMax = 65'535;
constexpr std::size_t kJudgeDims = 96;
constexpr std::size_t kJudgeNeighbours = 8;
constexpr std::uint32_t kJudgeVersion = 2;

/// The number of a row. kNoJudgeRow: the word is not in the table.
using JudgeRow = std::uint16_t;
constexpr JudgeRow kNoJudgeRow = 65'535;

class JudgeWords {
 public:
  static std::optional<JudgeWords> parse(std::span<const std::uint8_t> bytes);

  /// The one in the program.
  static const JudgeWords& built_in();

  std::size_t rows() const { return rows_; }
  JudgeRow find(std::string_view stem) const;
  std::string_view stem(std::size_t row) const;
  /// The rows nearest to it, nearest first; `at` < kJudgeNeighbours. kNoJudgeRow: no more.
  JudgeRow neighbour(JudgeRow row, std::size_t at) const;

  /// sum += factor * the row's vector. `sum` has kJudgeDims numbers.
  void add(JudgeRow row, float factor, float* sum) const;
  float ratio(JudgeRow row) const;

 private:
  bool in_order() const;

  std::size_t rows_ = 0;
  const std::uint8_t* begins_ = nullptr;
  const std::uint8_t* scales_ = nullptr;
  const std::uint8_t* ratios_ = nullptr;
  const std::int8_t* vectors_ = nullptr;
  const std::uint8_t* neighbours_ = nullptr;
  std::string_view letters_;
};

}  // namespace chatpad::knowledge

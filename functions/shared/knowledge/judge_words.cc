#include "functions/shared/knowledge/judge_words.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "runtime/base/check.h"

// The bytes of judge_words.bin (cmake/judge.cmake).
extern "C" const std::uint8_t chatpad_judge_words_begin[];
extern "C" const std::uint8_t chatpad_judge_words_end[];

namespace chatpad::knowledge {
namespace {

static_assert(std::endian::native == std::endian::little, "the table is read as it lies");

constexpr std::string_view kMagic = "CPJW";
constexpr std::size_t kHeaderBytes = 20;

template <class T>
T number_at(const std::uint8_t* numbers, std::size_t at) {
  T value;
  std::memcpy(&value, numbers + at * sizeof(T), sizeof(T));
  return value;
}

// Its own function so that the compiler sees that nothing overlaps and uses wide instructions.
void add_scaled(const std::int8_t* __restrict row, float by, float* __restrict sum) {
  for (std::size_t i = 0; i < kJudgeDims; ++i) sum[i] += by * static_cast<float>(row[i]);
}

}  // namespace

std::optional<JudgeWords> JudgeWords::parse(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return std::nullopt;
  const std::uint8_t* header = bytes.data() + kMagic.size();
  const std::size_t rows = number_at<std::uint32_t>(header, 1);
  const std::size_t letters = number_at<std::uint32_t>(header, 3);
  if (number_at<std::uint32_t>(header, 0) != kJudgeVersion) return std::nullopt;
  if (rows == 0 || rows > kJudgeRowsMax) return std::nullopt;
  if (number_at<std::uint32_t>(header, 2) != kJudgeDims) return std::nullopt;
  const std::size_t row_bytes =
      2 * sizeof(float) + kJudgeDims + kJudgeNeighbours * sizeof(JudgeRow);
  const std::size_t before_letters = kHeaderBytes + 4 * (rows + 1) + row_bytes * rows;
  if (bytes.size() != before_letters + letters) return std::nullopt;
  JudgeWords words;
  words.rows_ = rows;
  words.begins_ = bytes.data() + kHeaderBytes;
  words.scales_ = words.begins_ + 4 * (rows + 1);
  words.ratios_ = words.scales_ + 4 * rows;
  words.vectors_ = reinterpret_cast<const std::int8_t*>(words.ratios_ + 4 * rows);
  words.neighbours_ = words.ratios_ + (4 + kJudgeDims) * rows;
  words.letters_ = {reinterpret_cast<const char*>(bytes.data()) + before_letters, letters};
  if (!words.in_order()) return std::nullopt;
  return words;
}

// Whether every stem lies within the letters, behind the one before it, and every number is one.
bool JudgeWords::in_order() const {
  if (number_at<std::uint32_t>(begins_, 0) != 0) return false;
  if (number_at<std::uint32_t>(begins_, rows_) != letters_.size()) return false;
  for (std::size_t i = 0; i < rows_; ++i) {
    const auto begin = number_at<std::uint32_t>(begins_, i);
    const auto end = number_at<std::uint32_t>(begins_, i + 1);
    if (begin >= end || end > letters_.size()) return false;
    if (i > 0 && stem(i - 1) >= stem(i)) return false;
    if (!std::isfinite(number_at<float>(scales_, i))) return false;
    if (!std::isfinite(number_at<float>(ratios_, i))) return false;
    for (std::size_t k = 0; k < kJudgeNeighbours; ++k) {
      const JudgeRow other = neighbour(static_cast<JudgeRow>(i), k);
      if (other != kNoJudgeRow && other >= rows_) return false;
    }
  }
  return true;
}

const JudgeWords& JudgeWords::built_in() {
  static const std::optional<JudgeWords> words =
      parse({chatpad_judge_words_begin, chatpad_judge_words_end});
  CHECK(words.has_value(), "judge_words.bin is a table of this version");
  return *words;
}

std::string_view JudgeWords::stem(std::size_t row) const {
  const auto begin = number_at<std::uint32_t>(begins_, row);
  return letters_.substr(begin, number_at<std::uint32_t>(begins_, row + 1) - begin);
}

JudgeRow JudgeWords::find(std::string_view wanted) const {
  std::size_t low = 0;
  std::size_t high = rows_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (stem(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < rows_ && stem(low) == wanted ? static_cast<JudgeRow>(low) : kNoJudgeRow;
}

JudgeRow JudgeWords::neighbour(JudgeRow row, std::size_t at) const {
  return number_at<JudgeRow>(neighbours_, row * kJudgeNeighbours + at);
}

void JudgeWords::add(JudgeRow row, float factor, float* sum) const {
  add_scaled(vectors_ + row * kJudgeDims, factor * number_at<float>(scales_, row), sum);
}

float JudgeWords::ratio(JudgeRow row) const { return number_at<float>(ratios_, row); }

}  // namespace chatpad::knowledge

// Dot products of rows of signed bytes with one query, as fast as the machine can.
//
// For: vectors.h. Every path gives the same integers (int8_dot_test.cc). The path is chosen at run
// time from what the processor has; the program itself is built for any x86-64, or any other
// machine. Owner: nobody; pure. Errors: none. Limits: `width` is a multiple of kInt8Step and at
// most kInt8WidthMax, so that no sum overflows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace chatpad::knowledge {

constexpr std::size_t kInt8Step = 64;
constexpr std::size_t kInt8WidthMax = 65'536;

enum class Int8Path : std::uint8_t { portable, avx2, avx512_vnni };

std::string_view name_of(Int8Path path);

/// Whether this machine can run it.
bool can_run(Int8Path path);
Int8Path best_int8_path();

struct Int8Rows {
  const std::int8_t* rows = nullptr;       // count rows of width bytes, -127..127
  const std::int32_t* row_sums = nullptr;  // the sum of each row
  std::size_t count = 0;
  std::size_t width = 0;
};

/// out[i] = the dot product of row i with `query` (width bytes, -127..127).
void int8_dots(Int8Path path, const Int8Rows& rows, const std::int8_t* query, std::int32_t* out);

}  // namespace chatpad::knowledge

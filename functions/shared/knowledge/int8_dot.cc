#include "functions/shared/knowledge/int8_dot.h"

#include <algorithm>
#include <numeric>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chatpad::knowledge {
namespace {

void dots_portable(const Int8Rows& rows, const std::int8_t* query, std::int32_t* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::int8_t* row = rows.rows + i * rows.width;
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < rows.width; ++k) {
      sum += static_cast<std::int32_t>(row[k]) * static_cast<std::int32_t>(query[k]);
    }
    out[i] = sum;
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) std::int32_t sum_of(__m256i value) {
  const __m128i half =
      _mm_add_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
  const __m128i pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(pair, _mm_shuffle_epi32(pair, 0xB1)));
}

__attribute__((target("avx2"))) __m256i widened(const std::int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

// Widened to 16 bits first: the instruction that multiplies bytes saturates.
__attribute__((target("avx2"))) void dots_avx2(const Int8Rows& rows, const std::int8_t* query,
                                               std::int32_t* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::int8_t* row = rows.rows + i * rows.width;
    __m256i sums[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                       _mm256_setzero_si256()};
    for (std::size_t k = 0; k < rows.width; k += kInt8Step) {
      for (std::size_t part = 0; part < 4; ++part) {
        const std::size_t at = k + 16 * part;
        const __m256i product = _mm256_madd_epi16(widened(row + at), widened(query + at));
        sums[part] = _mm256_add_epi32(sums[part], product);
      }
    }
    out[i] = sum_of(
        _mm256_add_epi32(_mm256_add_epi32(sums[0], sums[1]), _mm256_add_epi32(sums[2], sums[3])));
  }
}

// The instruction wants one side without sign: the query is lifted by 128 and what that added is
// taken off again with the sum of the row.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) void dots_avx512(
    const Int8Rows& rows, const std::uint8_t* lifted, std::int32_t* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::int8_t* row = rows.rows + i * rows.width;
    __m512i even = _mm512_setzero_si512();
    __m512i odd = _mm512_setzero_si512();
    std::size_t k = 0;
    for (; k + 2 * kInt8Step <= rows.width; k += 2 * kInt8Step) {
      even = _mm512_dpbusd_epi32(even, _mm512_loadu_si512(lifted + k), _mm512_loadu_si512(row + k));
      odd = _mm512_dpbusd_epi32(odd, _mm512_loadu_si512(lifted + k + kInt8Step),
                                _mm512_loadu_si512(row + k + kInt8Step));
    }
    if (k < rows.width) {
      even = _mm512_dpbusd_epi32(even, _mm512_loadu_si512(lifted + k), _mm512_loadu_si512(row + k));
    }
    std::int32_t sums[16];
    _mm512_storeu_si512(sums, _mm512_add_epi32(even, odd));
    out[i] = std::accumulate(sums, sums + 16, -128 * rows.row_sums[i]);
  }
}

#endif

}  // namespace

std::string_view name_of(Int8Path path) {
  if (path == Int8Path::avx512_vnni) return "avx512_vnni";
  return path == Int8Path::avx2 ? "avx2" : "portable";
}

bool can_run(Int8Path path) {
  if (path == Int8Path::portable) return true;
#if defined(__x86_64__)
  if (path == Int8Path::avx2) return __builtin_cpu_supports("avx2") != 0;
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
#else
  return false;
#endif
}

Int8Path best_int8_path() {
  if (can_run(Int8Path::avx512_vnni)) return Int8Path::avx512_vnni;
  return can_run(Int8Path::avx2) ? Int8Path::avx2 : Int8Path::portable;
}

void int8_dots(Int8Path path, const Int8Rows& rows, const std::int8_t* query, std::int32_t* out) {
#if defined(__x86_64__)
  if (path == Int8Path::avx2) return dots_avx2(rows, query, out);
  if (path == Int8Path::avx512_vnni) {
    std::vector<std::uint8_t> lifted(rows.width);
    std::transform(query, query + rows.width, lifted.begin(),
                   [](std::int8_t value) { return static_cast<std::uint8_t>(value + 128); });
    return dots_avx512(rows, lifted.data(), out);
  }
#endif
  dots_portable(rows, query, out);
}

}  // namespace chatpad::knowledge

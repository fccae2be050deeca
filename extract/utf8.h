// UTF-16 as it comes out of files.
#pragma once

#include <cstddef>
#include <string>

#include "runtime/wire/utf8.h"

namespace chatpad::extract {

using wire::append_utf8;

// `unit(i)` is the i-th of `count` UTF-16 units; a half of a pair becomes U+FFFD.
template <class Unit>
std::string utf16_to_utf8(size_t count, Unit unit) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    char32_t value = unit(i);
    const bool is_high = value >= 0xD800 && value < 0xDC00;
    const char32_t low = is_high && i + 1 < count ? static_cast<char32_t>(unit(i + 1)) : 0;
    if (low >= 0xDC00 && low < 0xE000) {
      value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
      ++i;
    } else if (value >= 0xD800 && value < 0xE000) {
      value = 0xFFFD;
    }
    append_utf8(out, value);
  }
  return out;
}

}  // namespace chatpad::extract

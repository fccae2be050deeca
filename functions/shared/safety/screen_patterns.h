// The patterns of screen.cc, over text in small letters with one blank between words.
#pragma once

#include <span>
#include <string_view>

namespace chatpad::safety {

struct ScreenPattern {
  std::string_view reason;
  int score;
  std::string_view regex;  // RE2
};
std::span<const ScreenPattern> screen_patterns();

}  // namespace chatpad::safety

// What a text says to a reader who looks through the ways to hide it.
//
// For: screen.h. Removes characters nobody sees, reads tag characters, full-width and mathematical
// letters, letters of other alphabets that look like Latin ones, entities of HTML and %-encoding,
// and puts spaced-out letters together. Encoded runs (base64, hex) and reversed or ROT13 text come
// as views of their own. Pure. Limits: kReadBytesMax of the text are read, kViewsMax views made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatpad::safety {

constexpr size_t kReadBytesMax = 64 * 1024;
constexpr size_t kViewsMax = 24;

struct View {
  std::string text;     // small letters, one blank between words
  bool hidden = false;  // it took decoding or unhiding to read this
};

// The text itself first.
std::vector<View> views_of(std::string_view text);

}  // namespace chatpad::safety

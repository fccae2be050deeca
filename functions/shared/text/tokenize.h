// Splits UTF-8 text into folded words with their places.
//
// For: search, language detection and rules over what people write. Does not stem or drop stop
// words (language.h). Owner: nobody; pure. Errors: none; malformed UTF-8 separates words.
// Limits: a word longer than kTokenBytesMax is cut there; the caller may bound the count.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::text {

/// Longer words are noise (keys, base64); the rest of such a word is ignored.
constexpr std::size_t kTokenBytesMax = 64;

enum class Joint { none, hyphen };  // what stands between a token and the one before it

enum class Capital { none, first };

struct Token {
  std::string text;       // folded; an English possessive is gone, inner apostrophes too
  std::size_t begin = 0;  // byte places in the original
  std::size_t end = 0;
  Joint joint = Joint::none;
  Capital capital = Capital::none;
};

std::vector<Token> tokenize(std::string_view text,
                            std::size_t tokens_max = std::numeric_limits<std::size_t>::max());

/// The number of words, as tokenize() counts them.
std::size_t count_words(std::string_view text);

}  // namespace chatpad::text

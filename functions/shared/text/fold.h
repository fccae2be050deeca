// UTF-8 reading and search folding.
//
// For: turning any text into the lower-case, accent-free form under which words are compared.
// Use it below the tokenizer; use tokenize.h for whole texts. It does not normalise for display and
// is no full Unicode case mapping: Latin (with German, French, Nordic and eastern European
// letters), Greek and Cyrillic are folded, every other script passes unchanged. Owner: nobody; pure
// functions. Errors: none; a malformed byte reads as U+FFFD and advances by one. Source: RFC 3629
// (UTF-8), Unicode block charts for U+00C0..U+017F.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatpad::text {

struct CodePoint {
  char32_t value;
  std::size_t size_bytes;  // >= 1, also for a malformed byte
};

constexpr char32_t kReplacementCharacter = 0xFFFD;

/// What a character is to the tokenizer.
enum class CharacterKind {
  word,        // part of a word
  ideograph,   // a word of its own (Han, Kana)
  mark,        // combining mark: dropped, does not end a word
  apostrophe,  // joins the letters around it
  hyphen,      // splits a word into two that belong together
  separator,   // ends a word
};

/// The character starting at `position`, which must be below text.size().
CodePoint decode_utf8(std::string_view text, std::size_t position);

CharacterKind classify(char32_t value);

/// True for capital letters of the folded scripts.
bool is_upper(char32_t value);

/// Appends the folded form (possibly two letters: sharp s is "ss") to `out`.
void append_folded(char32_t value, std::string& out);

/// The whole text folded; characters that are not part of words stay.
std::string fold(std::string_view text);

}  // namespace chatpad::text

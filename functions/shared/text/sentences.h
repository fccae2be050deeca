// Finds the sentences of a text.
//
// For: answers and chunks made of whole sentences. Knows abbreviations (English, German, French),
// initials, decimals, web addresses, list items, table rows and short lines that stand alone.
// Owner: nobody; pure. Errors: none.
// Limits: kSentenceBytesMax; only a longer run of text is cut inside (at a space), because nothing
// readable is that long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::text {

constexpr std::size_t kSentenceBytesMax = 4096;

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

/// Sentences in order, without surrounding space; list markers belong to their sentence.
std::vector<Span> split_sentences(std::string_view text);

/// The length of a list marker ("- ", "* ", "12. ", "a) ", a bullet) at the start of a line; 0:
/// none.
std::size_t list_marker_bytes(std::string_view line);

/// Runs of white space, soft line breaks too, become one space; the ends are trimmed.
std::string collapse_space(std::string_view text);

}  // namespace chatpad::text

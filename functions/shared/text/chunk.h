// Cuts a document into passages that can be found and cited.
//
// For: everything a tenant pastes, uploads or lets us crawl, before it is indexed. Reads plain text
// and light Markdown: "# headings", underlined headings, numbered headings, headings on a line of
// their own, "Q:" lines, lists, tables, fenced code; a form feed is a page break. It does not read
// HTML or PDF; extract first.
// Owner: nobody; pure. Errors: none.
// Limits: kChunkWordsMax unless one sentence alone is longer; kHeadingBytesMax. Output is linear in
// the input, whose size the caller limits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::text {

/// A paragraph that does not fit is cut between sentences, unless the passage has this many words
/// already: then it is closed.
constexpr std::size_t kChunkWordsMin = 120;
/// No sentence is added that would lift a passage over this many words.
constexpr std::size_t kChunkWordsMax = 220;
/// A heading path is cut here, outermost heading first.
constexpr std::size_t kHeadingBytesMax = 500;
/// A longer line is a paragraph, even when it is marked as a heading.
constexpr std::size_t kHeadingLineBytesMax = 400;
/// A longer line without a mark is a paragraph, even when it stands alone.
constexpr std::size_t kBareHeadingBytesMax = 160;

/// What stands between the headings of a path.
constexpr std::string_view kHeadingSeparator = " > ";

struct Chunk {
  std::string heading;      // the path, outermost first; empty when the text has no headings
  std::optional<int> page;  // only when the text has page breaks; from 1
  std::string content;      // whole sentences; paragraphs by "\n\n", list items by "\n"
};

/// Sections never share a chunk; a sentence is never split.
std::vector<Chunk> chunk_text(std::string_view text);

}  // namespace chatpad::text

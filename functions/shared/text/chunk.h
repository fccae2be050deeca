// Cuts a document into passages that can be found and cited.
//
// For: everything a tenant pastes, uploads or lets us crawl, before it is indexed. chunk_text()
// reads plain text and light Markdown: "# headings", underlined headings, numbered headings,
// headings on a line of their own, "Q:" lines, lists, tables, fenced code; a form feed is a page
// break. What reads HTML, PDF and office files (extract/) gives its blocks to a Chunker, which
// hands out each passage as soon as it is complete. Owner: nobody; pure. Errors: none. Limits:
// kChunkWordsMax unless one sentence alone is longer; kHeadingBytesMax. Output is linear in the
// input, whose size the caller limits; a Chunker holds one passage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/text/blocks.h"

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
  // Which characters of the document's text these are: its blocks in order, headings too, with an
  // empty line between each.
  int64_t start = 0;
  int64_t end = 0;
};

/// A heading that what follows belongs to.
struct OpenHeading {
  int level;
  std::string text;
};

/// Where a Chunker may be stopped and another go on: at the end of a page, say.
struct ChunkPlace {
  std::vector<OpenHeading> headings;
  int64_t chars = 0;
};

class Chunker {
 public:
  explicit Chunker(std::function<void(Chunk)> sink, ChunkPlace from = {});

  void add(const Block& block);
  /// Hands out the passage that is open. What is added afterwards begins another.
  void flush();
  /// What follows is not below headings of this level or deeper ones.
  void close(int level);
  ChunkPlace place() const { return {headings_, chars_}; }

 private:
  enum class Joined { no, yes };  // continues the paragraph the last piece came from

  void enter(const Block& block);
  void add_text(const Block& block);
  void add_sentences(const Block& block);
  void add_lines(const Block& block);
  void append(const Block& block, std::string_view piece, std::size_t words, Joined joined);
  int64_t count_up_to(const Block& block, const char* place);
  std::string heading_path() const;

  std::function<void(Chunk)> sink_;
  std::vector<OpenHeading> headings_;
  Chunk open_;
  std::size_t words_ = 0;
  int64_t chars_ = 0;              // before the block that is being added
  std::size_t counted_bytes_ = 0;  // of that block
  int64_t counted_chars_ = 0;
};

/// Sections never share a chunk; a sentence is never split.
std::vector<Chunk> chunk_text(std::string_view text);

}  // namespace chatpad::text

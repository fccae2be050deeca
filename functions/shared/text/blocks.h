// Reads the structure of plain text and light Markdown: headings, paragraphs, items, code.
//
// For: chunk.h; nobody else should need it. It decides only what a line is, never how much of it
// goes together. Owner: nobody; pure. Errors: none. Limits: those of chunk.h.
// Source: the common core of Markdown (commonmark.org: ATX and setext headings, fences, lists).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::text {

enum class BlockKind { heading, paragraph, item, code };

struct Block {
  BlockKind kind;
  int level = 0;            // of a heading: 1 is the outermost
  std::optional<int> page;  // from 1, when the text has form feeds
  std::string text;         // soft line breaks are spaces; code and short lines keep theirs
};

std::vector<Block> read_blocks(std::string_view text);

}  // namespace chatpad::text

#include "functions/shared/text/chunk.h"

#include <algorithm>
#include <utility>

#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::text {
namespace {

constexpr int64_t kBetweenBlocks = 2;  // characters of an empty line

int64_t count_chars(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

}  // namespace

Chunker::Chunker(std::function<void(Chunk)> sink, ChunkPlace from)
    : sink_(std::move(sink)), headings_(std::move(from.headings)), chars_(from.chars) {}

void Chunker::add(const Block& block) {
  counted_bytes_ = 0;
  counted_chars_ = 0;
  if (block.kind == BlockKind::heading) {
    enter(block);
  } else {
    add_text(block);
  }
  chars_ += count_chars(block.text) + kBetweenBlocks;
}

void Chunker::close(int level) {
  flush();
  while (!headings_.empty() && headings_.back().level >= level) headings_.pop_back();
}

void Chunker::enter(const Block& block) {
  close(block.level);
  headings_.push_back({block.level, block.text});
}

void Chunker::add_text(const Block& block) {
  const std::size_t block_words = count_words(block.text);
  const bool fits = words_ + block_words <= kChunkWordsMax;
  if (!fits && words_ >= kChunkWordsMin) flush();
  if (words_ + block_words <= kChunkWordsMax) {
    append(block, block.text, block_words, Joined::no);
  } else if (block.kind == BlockKind::code) {
    add_lines(block);
  } else {
    add_sentences(block);
  }
}

void Chunker::add_sentences(const Block& block) {
  Joined joined = Joined::no;
  for (const Span& span : split_sentences(block.text)) {
    const std::string_view sentence = span.of(block.text);
    const std::size_t sentence_words = count_words(sentence);
    if (words_ > 0 && words_ + sentence_words > kChunkWordsMax) {
      flush();
      joined = Joined::no;
    }
    append(block, sentence, sentence_words, joined);
    joined = Joined::yes;
  }
}

void Chunker::add_lines(const Block& block) {
  const std::string_view text = block.text;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find('\n', i), text.size());
    const std::string_view line = text.substr(i, end - i);
    const std::size_t line_words = count_words(line);
    if (words_ > 0 && words_ + line_words > kChunkWordsMax) flush();
    append(block, line, line_words, Joined::no);
    i = end + 1;
  }
}

// `piece` is a part of block.text.
void Chunker::append(const Block& block, std::string_view piece, std::size_t piece_words,
                     Joined joined) {
  const int64_t start = count_up_to(block, piece.data());
  if (open_.content.empty()) {
    open_.page = block.page;
    open_.start = start;
  } else if (joined == Joined::yes) {
    open_.content += ' ';
  } else {
    open_.content += block.kind == BlockKind::paragraph ? "\n\n" : "\n";
  }
  open_.content += piece;
  open_.end = count_up_to(block, piece.data() + piece.size());
  words_ += piece_words;
}

// Pieces come in order, so that each byte is looked at once.
int64_t Chunker::count_up_to(const Block& block, const char* place) {
  const auto bytes = static_cast<std::size_t>(place - block.text.data());
  const std::string_view text = block.text;
  counted_chars_ += count_chars(text.substr(counted_bytes_, bytes - counted_bytes_));
  counted_bytes_ = bytes;
  return chars_ + counted_chars_;
}

void Chunker::flush() {
  if (!open_.content.empty()) {
    open_.heading = heading_path();
    sink_(std::move(open_));
  }
  open_ = Chunk();
  words_ = 0;
}

std::string Chunker::heading_path() const {
  std::string path;
  for (const OpenHeading& heading : headings_) {
    if (!path.empty()) path += kHeadingSeparator;
    path += heading.text;
  }
  if (path.size() <= kHeadingBytesMax) return path;
  std::size_t cut = path.size() - kHeadingBytesMax;
  while (cut < path.size() && (static_cast<unsigned char>(path[cut]) & 0xC0) == 0x80) ++cut;
  return path.substr(cut);
}

std::vector<Chunk> chunk_text(std::string_view text) {
  std::vector<Chunk> chunks;
  Chunker chunker([&chunks](Chunk chunk) { chunks.push_back(std::move(chunk)); });
  for (const Block& block : read_blocks(text)) chunker.add(block);
  chunker.flush();
  return chunks;
}

}  // namespace chatpad::text

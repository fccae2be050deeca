#include "functions/shared/text/chunk.h"

#include <algorithm>
#include <utility>

#include "functions/shared/text/blocks.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::text {
namespace {

struct OpenHeading {
  int level;
  std::string text;
};

class Chunker {
 public:
  std::vector<Chunk> run(std::string_view text) {
    for (const Block& block : read_blocks(text)) {
      if (block.kind == BlockKind::heading) {
        flush();
        enter(block);
      } else {
        add(block);
      }
    }
    flush();
    return std::move(chunks_);
  }

 private:
  void enter(const Block& block) {
    while (!headings_.empty() && headings_.back().level >= block.level) headings_.pop_back();
    headings_.push_back({block.level, block.text});
  }

  void add(const Block& block) {
    const std::size_t block_words = count_words(block.text);
    const bool fits = words_ + block_words <= kChunkWordsMax;
    if (!fits && words_ >= kChunkWordsMin) flush();
    if (words_ + block_words <= kChunkWordsMax) {
      append(block, block.text, block_words, Joined::no);
      return;
    }
    if (block.kind == BlockKind::code) {
      add_lines(block);
      return;
    }
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

  void add_lines(const Block& block) {
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

  enum class Joined { no, yes };  // continues the paragraph the last piece came from

  void append(const Block& block, std::string_view piece, std::size_t piece_words, Joined joined) {
    if (content_.empty()) {
      page_ = block.page;
    } else if (joined == Joined::yes) {
      content_ += ' ';
    } else {
      content_ += block.kind == BlockKind::paragraph ? "\n\n" : "\n";
    }
    content_ += piece;
    words_ += piece_words;
  }

  void flush() {
    if (!content_.empty()) chunks_.push_back({heading_path(), page_, std::move(content_)});
    content_.clear();
    words_ = 0;
  }

  std::string heading_path() const {
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

  std::vector<Chunk> chunks_;
  std::vector<OpenHeading> headings_;
  std::string content_;
  std::size_t words_ = 0;
  std::optional<int> page_;
};

}  // namespace

std::vector<Chunk> chunk_text(std::string_view text) { return Chunker().run(text); }

}  // namespace chatpad::text

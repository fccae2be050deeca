#include "functions/shared/text/blocks.h"

#include <algorithm>
#include <utility>

#include "functions/shared/text/chunk.h"
#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::text {
namespace {

// A line of its own without a final mark and with at most this many words reads as a heading.
constexpr std::size_t kBareHeadingWordsMax = 8;
// Headings that carry no level of their own go below every one that does.
constexpr int kBareHeadingLevel = 7;
constexpr int kQuestionLevel = 8;
constexpr std::size_t kUnderlineBytesMin = 3;

struct Line {
  std::string_view text;  // trimmed
  bool indented = false;
  std::optional<int> page;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::vector<Line> read_lines(std::string_view text) {
  std::vector<Line> lines;
  std::optional<int> page;
  if (text.find('\f') != std::string_view::npos) page = 1;
  for (std::size_t i = 0; i <= text.size();) {
    const std::size_t end = std::min(text.find_first_of("\n\f", i), text.size());
    std::string_view line = text.substr(i, end - i);
    const bool indented = line.starts_with("    ") || line.starts_with('\t');
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    lines.push_back({line, indented, page});
    if (end < text.size() && text[end] == '\f') {
      lines.push_back({{}, false, page});
      page = *page + 1;
    }
    i = end + 1;
  }
  return lines;
}

// The level of an underline, 0 when the line is none.
int underline_level(std::string_view line) {
  if (line.size() < kUnderlineBytesMin) return 0;
  const char mark = line.front();
  if (mark != '=' && mark != '-') return 0;
  if (line.find_first_not_of(mark) != std::string_view::npos) return 0;
  return mark == '=' ? 1 : 2;
}

// "3.1.4. Title": the depth of the number, 0 when there is none or it may be a list item.
int numbered_depth(std::string_view line) {
  int depth = 0;
  std::size_t i = 0;
  while (i < line.size() && is_digit(line[i])) {
    ++depth;
    while (i < line.size() && is_digit(line[i])) ++i;
    if (i >= line.size() || line[i] != '.') break;
    ++i;
  }
  if (depth == 0 || i >= line.size() || line[i] != ' ') return 0;
  if (depth == 1 && list_marker_bytes(line) == 0) return 0;
  return depth;
}

bool starts_upper(std::string_view line) {
  return !line.empty() && is_upper(decode_utf8(line, 0).value);
}

// A title ends with a letter, a digit or what closes a bracket; not with a smiley.
bool ends_like_title(std::string_view line) {
  const char last = line.back();
  if (last == ')') return line.find('(') != std::string_view::npos;
  const bool letter = (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z');
  return letter || is_digit(last) || static_cast<unsigned char>(last) >= 0x80;
}

std::size_t question_marker_bytes(std::string_view line) {
  for (const std::string_view marker : {"Q:", "Question:", "F:", "Frage:"}) {
    if (line.size() > marker.size() + 1 && line.starts_with(marker)) return marker.size();
  }
  return 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : lines_(read_lines(text)) {}

  std::vector<Block> run() {
    while (at_ < lines_.size()) {
      const Line& line = lines_[at_];
      if (line.text.empty()) {
        ++at_;
      } else if (line.text.starts_with("```")) {
        fence();
      } else if (!heading()) {
        body();
      }
    }
    return std::move(blocks_);
  }

 private:
  std::string_view text_at(std::size_t i) const {
    return i < lines_.size() ? lines_[i].text : std::string_view();
  }

  void add_heading(int level, std::string_view text, std::size_t lines) {
    blocks_.push_back({BlockKind::heading, level, lines_[at_].page, collapse_space(text)});
    at_ += lines;
  }

  bool heading() {
    const std::string_view line = lines_[at_].text;
    if (line.size() > kHeadingLineBytesMax) return false;
    if (line.front() == '#') return markdown_heading(line);
    const std::string_view next = text_at(at_ + 1);
    if (const int level = underline_level(next);
        level > 0 && underline_level(line) == 0 && list_marker_bytes(line) == 0) {
      add_heading(level, line, 2);
      return true;
    }
    if (const std::size_t marker = question_marker_bytes(line); marker > 0) {
      add_heading(kQuestionLevel, line.substr(marker), 1);
      return true;
    }
    return standing_alone(line, next);
  }

  bool markdown_heading(std::string_view line) {
    const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
    if (marks > 6 || marks == line.size() || line[marks] != ' ') return false;
    std::string_view title = line.substr(marks);
    while (!title.empty() && (title.back() == '#' || title.back() == ' ')) title.remove_suffix(1);
    if (title.empty()) return false;
    add_heading(static_cast<int>(marks), title, 1);
    return true;
  }

  // A line between two empty ones that reads like a title, with text below it.
  bool standing_alone(std::string_view line, std::string_view next) {
    const bool alone = next.empty() && (at_ == 0 || text_at(at_ - 1).empty());
    if (!alone || lines_[at_].indented || !text_follows()) return false;
    if (line.size() > kBareHeadingBytesMax) return false;
    if (const int depth = numbered_depth(line); depth > 0) {
      const std::string_view title = line.substr(line.find(' ') + 1);
      if (starts_upper(title) && title.back() != '.' && title.back() != ';') {
        add_heading(depth, line, 1);
        return true;
      }
    }
    if (!starts_upper(line) || list_marker_bytes(line) > 0) return false;
    if (line.back() == '?') {
      add_heading(kBareHeadingLevel, line, 1);
      return true;
    }
    if (!ends_like_title(line) || line.find_first_of("|@") != std::string_view::npos) return false;
    if (line.find("://") != std::string_view::npos) return false;
    if (count_words(line) > kBareHeadingWordsMax) return false;
    add_heading(kBareHeadingLevel, line, 1);
    return true;
  }

  bool text_follows() const {
    for (std::size_t i = at_ + 1; i < lines_.size(); ++i) {
      if (!lines_[i].text.empty()) return true;
    }
    return false;
  }

  void fence() {
    Block block{BlockKind::code, 0, lines_[at_].page, {}};
    for (++at_; at_ < lines_.size(); ++at_) {
      if (lines_[at_].text.starts_with("```")) {
        ++at_;
        break;
      }
      if (!block.text.empty()) block.text += '\n';
      block.text += lines_[at_].text;
    }
    if (!block.text.empty()) blocks_.push_back(std::move(block));
  }

  // One paragraph, or one list item with the lines that continue it.
  void body() {
    const std::size_t marker = list_marker_bytes(lines_[at_].text);
    Block block{marker > 0 ? BlockKind::item : BlockKind::paragraph, 0, lines_[at_].page, {}};
    std::string raw;
    do {
      if (!raw.empty()) raw += '\n';
      raw += lines_[at_].text;
      ++at_;
    } while (at_ < lines_.size() && continues(lines_[at_].text));
    for (const Span& span : split_sentences(raw)) {
      if (!block.text.empty()) block.text += breaks_before(raw, span.begin) ? '\n' : ' ';
      block.text += collapse_space(span.of(raw));
    }
    if (!block.text.empty()) blocks_.push_back(std::move(block));
  }

  static bool breaks_before(std::string_view raw, std::size_t begin) {
    return begin > 0 && raw[begin - 1] == '\n' && begin > 1 &&
           std::string_view(".!?").find(raw[begin - 2]) == std::string_view::npos;
  }

  bool continues(std::string_view line) const {
    if (line.empty() || line.starts_with("```") || list_marker_bytes(line) > 0) return false;
    if (line.front() == '#' && line.find("# ") < 6) return false;
    return question_marker_bytes(line) == 0;
  }

  std::vector<Line> lines_;
  std::size_t at_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace

std::vector<Block> read_blocks(std::string_view text) { return Reader(text).run(); }

}  // namespace chatpad::text

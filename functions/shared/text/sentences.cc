#include "functions/shared/text/sentences.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "functions/shared/text/fold.h"

namespace chatpad::text {
namespace {

// A shorter line followed by a capital or a digit stands alone (an address, a timetable): a
// hard-wrapped paragraph breaks later than this.
constexpr std::size_t kShortLineBytes = 48;

constexpr std::array<std::string_view, 62> kAbbreviations = {
    "al",  "approx", "art",  "aug",  "av",  "ave", "bld",  "bldg", "bzw", "ca",   "cf",
    "co",  "dec",    "dept", "dr",   "e.g", "ed",  "eg",   "esp",  "est", "evtl", "excl",
    "feb", "fig",    "gen",  "ggf",  "i.e", "ie",  "incl", "inkl", "jan", "jr",   "m",
    "max", "min",    "mio",  "mme",  "mr",  "mrs", "ms",   "mt",   "nov", "nr",   "oct",
    "p",   "p.ex",   "pp",   "prof", "rev", "sec", "sep",  "sept", "sr",  "st",   "str",
    "tel", "u.a",    "usf",  "vgl",  "vol", "vs",  "z.b"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_closing(char32_t value) {
  return value == '"' || value == '\'' || value == ')' || value == ']' || value == 0x201D ||
         value == 0x2019 || value == 0xBB;
}

bool is_abbreviation(std::string_view text, std::size_t dot) {
  std::size_t begin = dot;
  while (begin > 0 && !is_space(text[begin - 1]) && text[begin - 1] != '(') --begin;
  const std::string word = fold(text.substr(begin, dot - begin));
  if (word.size() == 1 && word[0] >= 'a' && word[0] <= 'z') return true;  // an initial
  return std::binary_search(kAbbreviations.begin(), kAbbreviations.end(), word);
}

// Whether a sentence may begin at `at`.
bool starts_sentence(std::string_view text, std::size_t at) {
  const CodePoint point = decode_utf8(text, at);
  const bool lower = point.value >= 'a' && point.value <= 'z';
  const bool joins = point.value == ',' || point.value == ';' || point.value == ':';
  if (lower || joins) return false;
  return true;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Span> run() {
    std::size_t i = 0;
    while (i < text_.size()) {
      if (text_[i] == '\n') {
        if (line_break_ends(i)) close(i);
        ++i;
        continue;
      }
      const std::size_t after = sentence_end(i);
      if (after != 0) {
        close(after);
        i = after;
        continue;
      }
      i += decode_utf8(text_, i).size_bytes;
      if (i - begin_ >= kSentenceBytesMax) cut(i);
    }
    close(text_.size());
    return std::move(spans_);
  }

 private:
  // The place after the terminator at `i` and its closing marks, or 0 when no sentence ends there.
  std::size_t sentence_end(std::size_t i) const {
    const CodePoint point = decode_utf8(text_, i);
    const char32_t mark = point.value;
    std::size_t after = i + point.size_bytes;
    if (mark == 0x3002 || mark == 0xFF01 || mark == 0xFF1F) return after;
    if (mark != '.' && mark != '!' && mark != '?' && mark != 0x2026) return 0;
    while (after < text_.size()) {
      const CodePoint next = decode_utf8(text_, after);
      const bool more = next.value == '.' || next.value == '!' || next.value == '?';
      if (!more && !is_closing(next.value)) break;
      after += next.size_bytes;
    }
    if (after < text_.size() && !is_space(text_[after])) return 0;
    if (mark == '.' && (is_abbreviation(text_, i) || is_list_number(i))) {
      return last_word_of_text(after) ? after : 0;
    }
    std::size_t next = after;
    while (next < text_.size() && is_space(text_[next])) ++next;
    if (next < text_.size() && !starts_sentence(text_, next)) return 0;
    return after;
  }

  bool last_word_of_text(std::size_t after) const {
    return std::all_of(text_.begin() + static_cast<std::ptrdiff_t>(after), text_.end(), is_space);
  }

  // "3. Pay" at the start of a sentence: the dot belongs to the marker.
  bool is_list_number(std::size_t dot) const {
    std::size_t first = dot;
    while (first > begin_ && (is_digit(text_[first - 1]) || text_[first - 1] == '.')) --first;
    if (first == dot) return false;
    while (first > begin_ && is_space(text_[first - 1])) --first;
    return first == begin_;
  }

  bool line_break_ends(std::size_t newline) const {
    const std::size_t end = std::min(text_.find('\n', newline + 1), text_.size());
    const std::string_view next = trimmed(text_.substr(newline + 1, end - newline - 1));
    if (next.empty() || list_marker_bytes(next) > 0 || next.front() == '|') return true;
    std::size_t start = newline;
    while (start > 0 && text_[start - 1] != '\n') --start;
    const std::string_view line = trimmed(text_.substr(start, newline - start));
    if (line.empty() || line.back() == ':' || line.back() == '|') return true;
    const char32_t first = decode_utf8(next, 0).value;
    const bool fresh = is_upper(first) || (first < 0x80 && is_digit(static_cast<char>(first)));
    return fresh && line.size() < kShortLineBytes && line.back() != ',';
  }

  static std::string_view trimmed(std::string_view line) {
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    return line;
  }

  void cut(std::size_t at) {
    const std::size_t space = text_.find_last_of(" \t\n", at - 1);
    close(space != std::string_view::npos && space > begin_ ? space : at);
  }

  void close(std::size_t end) {
    std::size_t first = begin_;
    std::size_t last = end;
    while (first < last && is_space(text_[first])) ++first;
    while (last > first && is_space(text_[last - 1])) --last;
    if (last > first) spans_.push_back({first, last});
    begin_ = end;
  }

  std::string_view text_;
  std::size_t begin_ = 0;
  std::vector<Span> spans_;
};

}  // namespace

std::vector<Span> split_sentences(std::string_view text) { return Splitter(text).run(); }

std::size_t list_marker_bytes(std::string_view line) {
  if (line.size() < 2) return 0;
  if ((line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ') return 2;
  const CodePoint first = decode_utf8(line, 0);
  const bool bullet = first.value == 0x2022 || first.value == 0x2013 || first.value == 0xB7;
  if (bullet && line.size() > first.size_bytes && line[first.size_bytes] == ' ') {
    return first.size_bytes + 1;
  }
  std::size_t i = 0;
  while (i < line.size() && i < 3 && is_digit(line[i])) ++i;
  const bool letter = i == 0 && line[0] >= 'a' && line[0] <= 'z' && line[1] == ')';
  if (letter) i = 1;
  if (i == 0 || i + 1 >= line.size()) return 0;
  return (line[i] == '.' || line[i] == ')') && line[i + 1] == ' ' ? i + 2 : 0;
}

std::string collapse_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (!is_space(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace chatpad::text

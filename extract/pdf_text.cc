#include "extract/pdf_text.h"

#include <algorithm>
#include <cmath>

#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::extract {
namespace {

constexpr double kEdgeShare = 0.08;  // of a page's height, at its top and bottom
constexpr int kEdgePagesMin = 3;     // a line at the edge of so many pages is their margin
constexpr size_t kHeadingWordsMax = 24;
constexpr double kLargerBy = 1.12;      // a heading's letters against the text's
constexpr double kMuchLargerBy = 1.35;  // than running titles are
constexpr double kGapMost = 0.75;       // of a line's height, within a paragraph

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// "1.6.4 Global substitution", "Chapter 3: Boot" as the outline has them: without their numbers.
std::string title_key(std::string_view title) {
  const std::string folded = text::fold(text::collapse_space(title));
  size_t at = 0;
  for (const std::string_view word : {"chapter ", "kapitel ", "section ", "appendix "}) {
    if (folded.starts_with(word)) at = word.size();
  }
  const size_t number = at;
  while (at < folded.size() && (is_digit(folded[at]) || folded[at] == '.')) ++at;
  while (at < folded.size() && (folded[at] == ' ' || folded[at] == ':')) ++at;
  if (at == folded.size()) return folded;
  return folded.substr(at > number || number == 0 ? at : 0);
}

std::string without_digits(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out),
                       [](char c) { return !is_digit(c) && c != ' '; });
  return out;
}

bool is_at_edge(const PdfLine& line, const PdfPage& page) {
  return line.bottom < page.height * kEdgeShare || line.top > page.height * (1 - kEdgeShare);
}

// "Global substitution . . . . . . 46"
bool is_contents_line(std::string_view text) {
  size_t dots = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      if (++dots >= 4) return is_digit(text.back()) || text.back() == '.';
    } else if (text[i] != ' ') {
      dots = 0;
    }
  }
  return false;
}

}  // namespace

void PdfStyle::learn(const PdfPage& page) {
  ++pages_;
  std::set<std::string> seen;
  for (const PdfLine& line : page.lines) {
    if (is_at_edge(line, page) && seen.insert(without_digits(line.text)).second) {
      ++edges_[without_digits(line.text)];
    }
    if (line.pitch == Pitch::proportional) {
      chars_by_size_[static_cast<int>(std::lround(line.size * 10))] += line.text.size();
    }
  }
}

void PdfStyle::title(std::string_view title, int depth) {
  titles_.emplace(title_key(title), depth);
}

double PdfStyle::body_size() const {
  int best = 0;
  size_t most = 0;
  for (const auto& [size, chars] : chars_by_size_) {
    if (chars > most) {
      most = chars;
      best = size;
    }
  }
  return best / 10.0;
}

int PdfStyle::heading_level(const PdfLine& line) const {
  const double body = body_size();
  if (body <= 0 || line.pitch == Pitch::fixed) return 0;
  const double ratio = line.size / body;
  const bool stands_out = ratio >= kLargerBy || line.weight == Weight::bold;
  if (!stands_out || text::count_words(line.text) > kHeadingWordsMax) return 0;
  if (const auto found = titles_.find(title_key(line.text)); found != titles_.end()) {
    return found->second;
  }
  if (ratio < kLargerBy) return 0;
  return ratio >= 1.9 ? 1 : ratio >= kMuchLargerBy ? 2 : 3;
}

bool PdfStyle::is_margin(const PdfLine& line, const PdfPage& page) const {
  if (!is_at_edge(line, page) || line.size >= body_size() * kMuchLargerBy) return false;
  const auto found = edges_.find(without_digits(line.text));
  return found != edges_.end() && found->second >= std::min(kEdgePagesMin, std::max(2, pages_));
}

void PdfText::page(int number, const PdfPage& page) {
  bool first = true;
  for (const PdfLine& one : page.lines) {
    if (style_.is_margin(one, page) || is_contents_line(one.text)) continue;
    // A sentence may go on at the next page; anything else ends with its page.
    const bool goes_on = first && open_.kind == text::BlockKind::paragraph && !open_.text.empty() &&
                         !one.text.empty() && is_lower(one.text.front()) &&
                         style_.heading_level(one) == 0 && one.pitch == before_.pitch;
    if (first && !goes_on) flush();
    if (first && goes_on) before_.bottom = one.top;
    first = false;
    line(one, number);
  }
}

void PdfText::line(const PdfLine& line, int page) {
  const int level = style_.heading_level(line);
  if (!open_.text.empty() && continues(line, level)) {
    const bool hyphen = open_.text.ends_with('-') && open_.text.size() > 1 &&
                        is_lower(open_.text[open_.text.size() - 2]) && is_lower(line.text.front());
    if (open_.kind == text::BlockKind::code) {
      open_.text += '\n';
    } else if (hyphen) {
      open_.text.pop_back();
    } else {
      open_.text += ' ';
    }
    open_.text += line.text;
  } else {
    flush();
    level_ = level;
    open_.kind = level > 0                                ? text::BlockKind::heading
                 : line.pitch == Pitch::fixed             ? text::BlockKind::code
                 : text::list_marker_bytes(line.text) > 0 ? text::BlockKind::item
                                                          : text::BlockKind::paragraph;
    open_.level = level;
    open_.page = page;
    open_.text = line.text;
  }
  before_ = line;
}

bool PdfText::continues(const PdfLine& line, int level) const {
  const double height = std::max(1.0, before_.bottom - before_.top);
  const double gap = line.top - before_.bottom;
  if (gap > height * kGapMost || gap < -height * 2) return false;
  if (level > 0 || level_ > 0) {
    return level == level_ && std::abs(line.size - before_.size) < 0.5;
  }
  if ((line.pitch == Pitch::fixed) != (open_.kind == text::BlockKind::code)) return false;
  if (open_.kind == text::BlockKind::code) return true;
  return text::list_marker_bytes(line.text) == 0 && std::abs(line.size - before_.size) < 1.5;
}

void PdfText::flush() {
  if (!open_.text.empty()) out_.add(std::move(open_));
  open_ = text::Block{text::BlockKind::paragraph, 0, {}, {}};
  level_ = 0;
}

}  // namespace chatpad::extract

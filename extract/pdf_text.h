// What the words of PDF pages are put together to: lines first, then headings, paragraphs, items
// and code. A PDF says where words stand and how large they are, and nothing more; its outline,
// when it has one, says which lines are titles.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "extract/emitter.h"

namespace chatpad::extract {

enum class Weight { regular, bold };
enum class Pitch { proportional, fixed };

struct PdfLine {
  std::string text;
  double left = 0, top = 0, bottom = 0;
  double size = 0;  // of its letters, in points
  Weight weight = Weight::regular;
  Pitch pitch = Pitch::proportional;
};

struct PdfPage {
  double height = 0;
  std::vector<PdfLine> lines;
};

// What is said of a whole document, learned from a few of its pages.
class PdfStyle {
 public:
  void learn(const PdfPage& page);
  void title(std::string_view title, int depth);  // of the outline; 1 is the outermost

  // 0: no heading.
  int heading_level(const PdfLine& line) const;
  // Stands at the edge of page after page, but for its numbers.
  bool is_margin(const PdfLine& line, const PdfPage& page) const;

 private:
  double body_size() const;

  std::map<int, size_t> chars_by_size_;  // tenths of a point
  std::map<std::string, int> edges_;
  std::map<std::string, int> titles_;
  int pages_ = 0;
};

class PdfText {
 public:
  PdfText(const PdfStyle& style, Emitter& out) : style_(style), out_(out) {}
  void page(int number, const PdfPage& page);
  void end() { flush(); }

 private:
  void line(const PdfLine& line, int page);
  bool continues(const PdfLine& line, int level) const;
  void flush();

  const PdfStyle& style_;
  Emitter& out_;
  text::Block open_;
  PdfLine before_;
  int level_ = 0;
};

}  // namespace chatpad::extract

#include <poppler-document.h>
#include <poppler-global.h>
#include <poppler-page.h>
#include <poppler-toc.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "extract/pdf_text.h"
#include "extract/readers.h"
#include "extract/utf8.h"

namespace chatpad::extract {
namespace {

constexpr int kPagesLearned = 24;
constexpr int kOutlineDepthMax = 8;
constexpr int kOutlineItemsMax = 20'000;
constexpr size_t kWordsPerPageMax = 50'000;

std::string utf8_of(const poppler::ustring& text) {
  return utf16_to_utf8(text.size(), [&](size_t i) { return text[i]; });
}

bool is_same_line(const PdfLine& line, const poppler::rectf& box) {
  const double middle = box.top() + box.height() / 2;
  const double height = std::max(line.bottom - line.top, box.height());
  return std::abs(middle - (line.top + line.bottom) / 2) < height * 0.5 && box.left() >= line.left;
}

Weight weight_of(const std::string& font) {
  return font.find("Bold") != std::string::npos || font.find("Black") != std::string::npos
             ? Weight::bold
             : Weight::regular;
}

Pitch pitch_of(const std::string& font) {
  for (const std::string_view mark : {"Mono", "Courier", "Consolas", "Typewriter", "CMTT"}) {
    if (font.find(mark) != std::string::npos) return Pitch::fixed;
  }
  return Pitch::proportional;
}

PdfPage read_page(const poppler::document& document, int index) {
  PdfPage page;
  const std::unique_ptr<poppler::page> source(document.create_page(index));
  if (!source) return page;
  page.height = source->page_rect().height();
  bool space_before = false;
  auto words = source->text_list(poppler::page::text_list_include_font);
  if (words.size() > kWordsPerPageMax) words.clear();
  for (const poppler::text_box& word : words) {
    const std::string text = utf8_of(word.text());
    if (text.empty()) continue;
    const poppler::rectf box = word.bbox();
    if (page.lines.empty() || !is_same_line(page.lines.back(), box)) {
      const std::string font = word.has_font_info() ? word.get_font_name() : std::string();
      const double size = word.has_font_info() ? word.get_font_size() : box.height();
      page.lines.push_back(
          {text, box.left(), box.top(), box.bottom(), size, weight_of(font), pitch_of(font)});
    } else {
      PdfLine& line = page.lines.back();
      if (space_before || line.text.empty()) line.text += ' ';
      line.text += text;
      line.bottom = std::max(line.bottom, box.bottom());
      line.top = std::min(line.top, box.top());
      // A line of code is one throughout.
      if (word.has_font_info() && pitch_of(word.get_font_name()) == Pitch::proportional) {
        line.pitch = Pitch::proportional;
      }
    }
    space_before = true;
  }
  return page;
}

void read_outline(const poppler::toc_item& item, int depth, int& left, PdfStyle& style) {
  for (const poppler::toc_item* child : item.children()) {
    if (--left < 0) return;
    style.title(utf8_of(child->title()), depth);
    if (depth < kOutlineDepthMax) read_outline(*child, depth + 1, left, style);
  }
}

}  // namespace

void read_pdf(std::string_view bytes, const Place& from, Emitter& out) {
  poppler::set_debug_error_function([](const std::string&, void*) {}, nullptr);
  const std::unique_ptr<poppler::document> document(
      poppler::document::load_from_raw_data(bytes.data(), static_cast<int>(bytes.size())));
  if (!document) throw Failure("file_damaged");
  if (document->is_locked()) throw Failure("file_locked");
  const int pages = document->pages();
  if (pages > kPagesMax) throw Failure("too_large");
  if (pages <= 0) throw Failure("file_damaged");
  DocumentFacts facts;
  facts.type = "application/pdf";
  facts.title = utf8_of(document->get_title());
  facts.pages = pages;
  out.document(facts);

  PdfStyle style;
  const std::unique_ptr<poppler::toc> outline(document->create_toc());
  int left = kOutlineItemsMax;
  if (outline) read_outline(*outline->root(), 1, left, style);
  const int step = std::max(1, pages / kPagesLearned);
  for (int index = 0; index < pages; index += step) style.learn(read_page(*document, index));
  PdfText text(style, out);
  const int first = std::clamp(from.page, 1, pages + 1);
  const int last = std::min(pages, first + kPagesPerRun - 1);
  for (int number = first; number <= last; ++number) {
    text.page(number, read_page(*document, number - 1));
  }
  text.end();
  out.end(last < pages ? std::optional<int>(last + 1) : std::nullopt);
}

}  // namespace chatpad::extract

#include "extract/pdf_text.h"

#include <gtest/gtest.h>

namespace chatpad::extract {
namespace {

PdfLine line(std::string text, double top, double size = 10, Weight weight = Weight::regular,
             Pitch pitch = Pitch::proportional) {
  return {std::move(text), 50, top, top + size, size, weight, pitch};
}

PdfPage page(std::vector<PdfLine> lines) { return {800, std::move(lines)}; }

PdfPage body() {
  return page({line("The quick brown fox jumps over the lazy dog and on.", 300),
               line("It does so again and again, as foxes do.", 312)});
}

TEST(PdfStyle, KnowsHeadingsByTheirSizeAndByTheOutline) {
  PdfStyle style;
  style.learn(body());
  style.title("Boot loaders", 2);
  EXPECT_EQ(style.heading_level(line("A part", 100, 20)), 1);
  EXPECT_EQ(style.heading_level(line("A chapter", 100, 14)), 2);
  EXPECT_EQ(style.heading_level(line("A section", 100, 12)), 3);
  EXPECT_EQ(style.heading_level(line("3.1. Boot  loaders", 100, 10, Weight::bold)), 2);
  EXPECT_EQ(style.heading_level(line("Boot loaders", 100)), 0);
  EXPECT_EQ(style.heading_level(line("Important words", 100, 10, Weight::bold)), 0);
  EXPECT_EQ(style.heading_level(line("code()", 100, 14, Weight::regular, Pitch::fixed)), 0);
}

TEST(PdfStyle, LeavesOutWhatStandsAtTheEdgeOfEveryPage) {
  PdfStyle style;
  for (int i = 1; i <= 3; ++i) {
    PdfPage one = body();
    one.lines.insert(one.lines.begin(), line("Handbook  " + std::to_string(i) + " / 3", 20));
    style.learn(one);
  }
  const PdfPage any = body();
  EXPECT_TRUE(style.is_margin(line("Handbook  17 / 3", 20), any));
  EXPECT_FALSE(style.is_margin(line("Handbook  17 / 3", 300), any));
  EXPECT_FALSE(style.is_margin(line("Something else", 20), any));
}

}  // namespace
}  // namespace chatpad::extract

#include "functions/shared/text/sentences.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatpad::text {
namespace {

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> out;
  for (const Span& span : split_sentences(text)) out.push_back(collapse_space(span.of(text)));
  return out;
}

using Strings = std::vector<std::string>;

TEST(Sentences, do_not_end_at_abbreviations_numbers_and_addresses) {
  EXPECT_EQ(sentences("Dr. Smith pays approx. 3.50 Euro, e.g. by card. See www.example.org/a.b "
                      "for more. J. Doe signs."),
            (Strings{"Dr. Smith pays approx. 3.50 Euro, e.g. by card.",
                     "See www.example.org/a.b for more.", "J. Doe signs."}));
  EXPECT_EQ(sentences("Das gilt z.B. hier. Fertig!"), (Strings{"Das gilt z.B. hier.", "Fertig!"}));
}

TEST(Sentences, end_with_quotes_ellipses_and_ideographic_stops) {
  EXPECT_EQ(sentences("He said \"Stop.\" Then he left... Why? 你好。再见。"),
            (Strings{"He said \"Stop.\"", "Then he left...", "Why?", "你好。", "再见。"}));
}

TEST(Sentences, keep_list_items_and_short_lines_apart) {
  EXPECT_EQ(sentences("You need:\n- a card\n- a pen\n1. Sign. Send it.\n2. Wait."),
            (Strings{"You need:", "- a card", "- a pen", "1. Sign.", "Send it.", "2. Wait."}));
  EXPECT_EQ(sentences("Monday 9-18\nTuesday 10-12"), (Strings{"Monday 9-18", "Tuesday 10-12"}));
  EXPECT_EQ(sentences("This line was wrapped by somebody who likes it at\nSixty characters or so."),
            (Strings{"This line was wrapped by somebody who likes it at Sixty characters or so."}));
}

TEST(Sentences, cut_a_run_without_any_end_at_a_space) {
  std::string endless;
  while (endless.size() < 3 * kSentenceBytesMax) endless += "word ";
  const auto spans = split_sentences(endless);
  ASSERT_GE(spans.size(), 3u);
  for (const Span& span : spans) {
    EXPECT_LE(span.end - span.begin, kSentenceBytesMax);
    EXPECT_TRUE(span.of(endless).ends_with("word"));
  }
}

}  // namespace
}  // namespace chatpad::text

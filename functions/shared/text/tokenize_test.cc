#include "functions/shared/text/tokenize.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatpad::text {
namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const Token& token : tokenize(text)) out.push_back(token.text);
  return out;
}

using Strings = std::vector<std::string>;

TEST(Tokenize, splits_words_and_remembers_where_they_stood) {
  const std::string text = "The shop's e-mail isn't Größe-50.";
  EXPECT_EQ(words(text), (Strings{"the", "shop", "e", "mail", "isnt", "grosse", "50"}));
  const auto tokens = tokenize(text);
  EXPECT_EQ(text.substr(tokens[5].begin, tokens[5].end - tokens[5].begin), "Größe");
  EXPECT_EQ(tokens[3].joint, Joint::hyphen);
  EXPECT_EQ(tokens[2].joint, Joint::none);
  EXPECT_EQ(tokens[0].capital, Capital::first);
  EXPECT_EQ(tokens[1].capital, Capital::none);
}

TEST(Tokenize, takes_han_characters_one_by_one_and_stops_at_the_limit) {
  EXPECT_EQ(words("退货 ok"), (Strings{"退", "货", "ok"}));
  EXPECT_EQ(tokenize("a b c d", 2).size(), 2u);
  EXPECT_EQ(words(std::string(1000, 'x'))[0].size(), kTokenBytesMax);
}

TEST(Tokenize, a_dash_between_spaces_joins_nothing) {
  for (const Token& token : tokenize("one - two -three four- five")) {
    EXPECT_EQ(token.joint, Joint::none) << token.text;
  }
}

}  // namespace
}  // namespace chatpad::text

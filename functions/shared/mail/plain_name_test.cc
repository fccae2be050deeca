#include "functions/shared/mail/plain_name.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

TEST(PlainName, keeps_names_as_they_are) {
  for (const char* name : {"Ann", "J. R. Smith", "Anne-Marie O'Neil", "Müller & Söhne GmbH",
                           "李小龍", "ann@example.test", "Acme, Inc."}) {
    EXPECT_EQ(plain_name(name), name);
  }
}

TEST(PlainName, leaves_nothing_that_becomes_a_link_or_a_line) {
  EXPECT_EQ(plain_name("Win https://evil.example/x now"), "Win now");
  EXPECT_EQ(plain_name("see www.evil.example/x"), "see www evil example x");
  EXPECT_EQ(plain_name("evil.example"), "evil example");
  EXPECT_EQ(plain_name("a\r\nBcc: x@evil.example"), "a Bcc  x@evil.example");
  EXPECT_EQ(plain_name(std::string_view("a\0b\x1b[1m", 7)), "a b [1m");
  EXPECT_EQ(plain_name("a\u2028b\u202Ec\u0085d"), "a b c d");
  EXPECT_EQ(plain_name("https://evil.example"), "");
  EXPECT_EQ(plain_name(std::string(500, 'x')).size(), kPlainNameCharsMax);
  EXPECT_EQ(plain_name("a\xff"
                       "b"),
            "a");
}

}  // namespace
}  // namespace chatpad::functions

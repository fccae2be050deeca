#include "runtime/base/siphash.h"

#include <gtest/gtest.h>

#include <string>

namespace chatpad {
namespace {

constexpr SipKey kPaperKey{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

TEST(Siphash, gives_the_value_of_the_papers_appendix) {
  std::string text;
  for (char i = 0; i < 15; ++i) text += i;
  EXPECT_EQ(siphash(kPaperKey, text), 0xa129ca6149be45e5ULL);
  EXPECT_EQ(siphash(kPaperKey, ""), 0x726fdb47dd0e0e31ULL);
}

TEST(Siphash, depends_on_every_byte_the_length_and_the_key) {
  const uint64_t whole = siphash(kPaperKey, "12345678");
  EXPECT_NE(siphash(kPaperKey, "12345679"), whole);
  EXPECT_NE(siphash(kPaperKey, std::string("12345678\0", 9)), whole);
  EXPECT_NE(siphash(SipKey{1, 2}, "12345678"), whole);
}

}  // namespace
}  // namespace chatpad

#include "functions/shared/text/fold.h"

#include <gtest/gtest.h>

#include <string>

#include "functions/shared/text/tokenize.h"

namespace chatpad::text {
namespace {

TEST(Fold, takes_accents_off_and_keeps_the_letters) {
  EXPECT_EQ(fold("Größe ÜBER Ölçü"), "grosse uber olcu");
  EXPECT_EQ(fold("Où est l'œuvre garçon ÉTÉ"), "ou est l'oeuvre garcon ete");
  EXPECT_EQ(fold("Žižka Łódź Ærø"), "zizka lodz aero");
  EXPECT_EQ(fold("ΚΑΛΗΜΈΡΑ Ёлка ПРИВЕТ"), "καλημερα елка привет");
  EXPECT_EQ(fold("e\u0301te\u0301"), "ete");
}

TEST(Fold, survives_every_malformed_byte) {
  for (const std::string_view bad : {"\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC0\xAF",
                                     "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    const CodePoint point = decode_utf8(bad, 0);
    EXPECT_EQ(point.value, kReplacementCharacter);
    EXPECT_EQ(point.size_bytes, 1u);
    EXPECT_LE(tokenize(std::string("a") + std::string(bad) + "b").size(), 2u);
  }
}

}  // namespace
}  // namespace chatpad::text

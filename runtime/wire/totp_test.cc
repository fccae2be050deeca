#include "runtime/wire/totp.h"

#include <gtest/gtest.h>

namespace chatpad::wire {
namespace {

constexpr std::string_view kSecret = "12345678901234567890";  // RFC 6238, appendix B

TEST(Totp, GivesTheCodesOfTheRfc) {
  EXPECT_EQ(totp_code(kSecret, 59 / 30), "287082");
  EXPECT_EQ(totp_code(kSecret, 1'111'111'109 / 30), "081804");
  EXPECT_EQ(totp_code(kSecret, 1'111'111'111 / 30), "050471");
  EXPECT_EQ(totp_code(kSecret, 1'234'567'890 / 30), "005924");
  EXPECT_EQ(totp_code(kSecret, 2'000'000'000 / 30), "279037");
  EXPECT_EQ(totp_code(kSecret, 20'000'000'000 / 30), "353130");
}

TEST(Totp, ACodeIsGoodOneStepAroundItsOwnToTheSecond) {
  const std::string code = totp_code(kSecret, 100);
  EXPECT_EQ(totp_step_of(kSecret, code, 99 * 30 - 1), std::nullopt);
  EXPECT_EQ(totp_step_of(kSecret, code, 99 * 30), 100);
  EXPECT_EQ(totp_step_of(kSecret, code, 100 * 30), 100);
  EXPECT_EQ(totp_step_of(kSecret, code, 102 * 30 - 1), 100);
  EXPECT_EQ(totp_step_of(kSecret, code, 102 * 30), std::nullopt);
}

TEST(Totp, WhatIsNoCodeIsNone) {
  const std::string code = totp_code(kSecret, 100);
  for (const std::string& wrong :
       {std::string(), code.substr(1), code + "0", " " + code, code + std::string(1, '\0'),
        std::string("000000"), std::string(100'000, '1')}) {
    EXPECT_EQ(totp_step_of(kSecret, wrong, 3000), std::nullopt) << wrong.substr(0, 20);
  }
  EXPECT_EQ(totp_step_of("another secret of 20", code, 3000), std::nullopt);
}

TEST(Totp, Base32IsThatOfTheRfc) {
  EXPECT_EQ(base32_encode(kSecret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  EXPECT_EQ(base32_encode(""), "");
  EXPECT_EQ(base32_encode("f"), "MY");
  EXPECT_EQ(base32_encode("foob"), "MZXW6YQ");
  EXPECT_EQ(base32_encode("foobar"), "MZXW6YTBOI");
}

TEST(Totp, TheUriNamesIssuerAndAccountEncoded) {
  EXPECT_EQ(totp_uri(kSecret, "Acme & Co", "a@b.example"),
            "otpauth://totp/Acme%20%26%20Co:a%40b.example?algorithm=SHA1&digits=6&"
            "issuer=Acme%20%26%20Co&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

}  // namespace
}  // namespace chatpad::wire

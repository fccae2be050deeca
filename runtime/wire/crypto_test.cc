#include "runtime/wire/crypto.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace chatpad::wire {
namespace {

std::string unhex(std::string_view text) { return hex_decode(text).value(); }

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Base64, UrlFormHasItsOwnAlphabetAndNoPadding) {
  EXPECT_EQ(base64url_encode("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(base64_encode("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(base64url_encode("f"), "Zg");
  EXPECT_EQ(base64url_decode("-__-"), "\xfb\xff\xfe");
}

TEST(Base64, EveryLengthComesBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(hex_decode(hex_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, OnlyTheCanonicalTextDecodes) {
  for (const char* bad :
       {"Z", "Zg==", "Zg=", "Zh", "Zm9", "Zm9v=", "Zm 8", "Zm8\n", "+/+/", "Zm9v."}) {
    EXPECT_EQ(base64url_decode(bad), std::nullopt) << bad;
  }
  for (const char* bad :
       {"Zg", "Zg=", "Zh==", "Zm9=", "=", "====", "Z===", "Zg==Zg==", "-_-_", "Zm8=\n"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64url_decode(std::string_view("Zm\0v", 4)), std::nullopt);
  EXPECT_EQ(hex_decode("abc"), std::nullopt);
  EXPECT_EQ(hex_decode("0g"), std::nullopt);
  EXPECT_EQ(hex_decode("AbCd"), "\xab\xcd");
}

TEST(Sha256, MatchesFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AnEmptyKeyIsAKeyAndNotTheOneBefore) {
  hmac_sha256("another key entirely", "x");
  EXPECT_EQ(hmac_sha256_hex("", ""),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTimeEqual, ComparesContentAndSize) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
  EXPECT_FALSE(constant_time_equal("", "a"));
}

TEST(AesGcm, OpensAPublishedVector) {
  // Test case 16 of the GCM specification (McGrew and Viega).
  const std::string key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string sealed = unhex(
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b");
  const std::string data = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto opened = aes_gcm_open(key, sealed, data);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(hex_encode(*opened),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

TEST(AesGcm, WhatIsSealedOpensAgainOnlyUnchanged) {
  const std::string key(32, 'k');
  for (const std::string& text : {std::string(), std::string("a"), std::string(5000, 'x')}) {
    std::string sealed = aes_gcm_seal(key, text, "row 1");
    EXPECT_EQ(sealed.size(), text.size() + kGcmNonceBytes + kGcmTagBytes);
    EXPECT_EQ(aes_gcm_open(key, sealed, "row 1"), text);
    EXPECT_EQ(aes_gcm_open(key, sealed, "row 2"), std::nullopt);
    EXPECT_EQ(aes_gcm_open(std::string(32, 'l'), sealed, "row 1"), std::nullopt);
    EXPECT_EQ(aes_gcm_open(key, sealed.substr(0, sealed.size() - 1), "row 1"), std::nullopt);
    for (size_t i = 0; i<sealed.size(); i += text.size()> 100 ? 97 : 1) {
      sealed[i] ^= 1;
      EXPECT_EQ(aes_gcm_open(key, sealed, "row 1"), std::nullopt) << i;
      sealed[i] ^= 1;
    }
  }
  EXPECT_EQ(aes_gcm_open(key, "", ""), std::nullopt);
  EXPECT_EQ(aes_gcm_open(key, std::string(27, 'x'), ""), std::nullopt);
}

TEST(AesGcm, TheSameTextNeverSealsTheSameWay) {
  const std::string key(32, 'k');
  EXPECT_NE(aes_gcm_seal(key, "x", ""), aes_gcm_seal(key, "x", ""));
}

TEST(Hkdf, MatchesRfc5869) {
  EXPECT_EQ(hex_encode(hkdf_sha256(std::string(22, '\x0b'), unhex("000102030405060708090a0b0c"),
                                   unhex("f0f1f2f3f4f5f6f7f8f9"), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(hex_encode(hkdf_sha256(std::string(22, '\x0b'), "", "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  EXPECT_EQ(hkdf_sha256("s", "", "", 8160).size(), 8160u);
  EXPECT_EQ(hkdf_sha256("s", "", "", 0), "");
}

TEST(Crypto, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      const std::string key(32, static_cast<char>('a' + t));
      for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(hmac_sha256(key, "m"), hmac_sha256(key, "m"));
        EXPECT_EQ(aes_gcm_open(key, aes_gcm_seal(key, "m", ""), ""), "m");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace chatpad::wire

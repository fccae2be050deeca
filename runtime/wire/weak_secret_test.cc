#include "runtime/wire/weak_secret.h"

#include <gtest/gtest.h>

#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"

namespace chatpad::wire {
namespace {

TEST(WeakSecret, RandomKeysAreNotWeak) {
  for (int i = 0; i < 200; ++i) {
    std::string bytes(48, '\0');
    random_bytes(bytes.data(), bytes.size());
    EXPECT_EQ(weakness_of_key(base64url_encode(bytes)), std::nullopt);
    EXPECT_EQ(weakness_of_key(hex_encode(bytes)), std::nullopt);
    EXPECT_EQ(weakness_of_key(base64url_encode(bytes.substr(0, 24))), std::nullopt);
    EXPECT_EQ(weakness_of_password(base64url_encode(bytes.substr(0, 9))), std::nullopt);
  }
}

TEST(WeakSecret, PublishedShortAndPatternedKeysAre) {
  for (const std::string& secret :
       {std::string(), std::string("short"), std::string("nodeauthsecret"),
        std::string("super-secret-jwt-token-with-at-least-32-characters-long"),
        std::string("Your-Super-Secret-JWT-token-with-at-least-32-characters-long"),
        std::string(64, 'a'), std::string("0123456789abcdef0123456789abcdef0123456789abcdef"),
        std::string("abcdefghijklmnopqrstuvwxyz0123456789"),
        std::string("x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9"),
        std::string("please-changeme-before-you-go-live-1234567"),
        std::string("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb")}) {
    EXPECT_NE(weakness_of_key(secret), std::nullopt) << secret;
  }
}

TEST(WeakSecret, PasswordsOfExamplesAre) {
  for (const char* password : {"", "short", "password", "Password123", "adminadmin", "postgres",
                               "12345678", "aaaaaaaaaa", "abababababab", "87654321"}) {
    EXPECT_NE(weakness_of_password(password), std::nullopt) << password;
  }
  EXPECT_EQ(weakness_of_password("correct horse battery staple"), std::nullopt);
}

TEST(WeakSecret, WhatIsSaidHoldsNothingOfTheSecret) {
  const auto said = weakness_of_key("please-changeme-before-you-go-live-1234567");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->find("live"), std::string::npos);
}

TEST(WeakSecret, TokensOfSupabasesExampleAreRecognisedByTheirIssuer) {
  const auto token = [](const char* payload) {
    return "eyJhbGciOiJIUzI1NiJ9." + base64url_encode(payload) + ".c2lnbmF0dXJl";
  };
  EXPECT_TRUE(is_published_token(token(R"({"iss":"supabase-demo","role":"anon"})")));
  EXPECT_FALSE(is_published_token(token(R"({"iss":"chatpad","role":"anon"})")));
  EXPECT_FALSE(is_published_token(token(R"({"iss":["supabase-demo"]})")));
  for (const char* text : {"", ".", "..", "a.b", "a.!.c", "a.e30.c", "supabase-demo"}) {
    EXPECT_FALSE(is_published_token(text)) << text;
  }
}

}  // namespace
}  // namespace chatpad::wire

#include "runtime/wire/jwt_cache.h"

#include <gtest/gtest.h>

namespace chatpad::wire {
namespace {

constexpr int64_t kNow = 1'800'000'000;
const std::string kSecret = "a-secret-for-tests-that-is-long-enough-0123456789";

class JwtCacheTest : public testing::Test {
 protected:
  std::string token(int number, int64_t exp = kNow + 60) {
    return verifier_.sign(R"({"role":"visitor","sub":")" + std::to_string(number) + R"(","exp":)" +
                          std::to_string(exp) + "}");
  }
  JwtVerifier verifier_ = JwtVerifier::create(kSecret).or_raise();
};

TEST_F(JwtCacheTest, ASecondLookNeedsNoVerification) {
  JwtCache cache(verifier_);
  const std::string t = token(1);
  const auto first = cache.verify(t, kNow);
  const auto second = cache.verify(t, kNow);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first.value().get(), second.value().get());
  EXPECT_EQ(cache.hits(), 1u);
  EXPECT_EQ(cache.misses(), 1u);
  EXPECT_EQ(second.value()->sub, "1");
}

TEST_F(JwtCacheTest, AKnownTokenIsRefusedFromTheSecondItExpires) {
  JwtCache cache(verifier_);
  const std::string t = token(1, kNow + 1);
  EXPECT_TRUE(cache.verify(t, kNow).ok());
  const auto late = cache.verify(t, kNow + 1);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().details, kTokenExpired);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST_F(JwtCacheTest, FailuresAreNotRemembered) {
  JwtCache cache(verifier_);
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(cache.verify(token(i) + "x", kNow).ok());
    EXPECT_FALSE(cache.verify("x.y." + std::to_string(i), kNow).ok());
  }
  EXPECT_FALSE(cache.verify(std::string(12'000'000, 'x'), kNow).ok());
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(JwtCacheTest, OneChangedCharacterIsAnotherToken) {
  JwtCache cache(verifier_);
  std::string t = token(1);
  EXPECT_TRUE(cache.verify(t, kNow).ok());
  t.back() = t.back() == 'A' ? 'E' : 'A';
  EXPECT_FALSE(cache.verify(t, kNow).ok());
}

TEST_F(JwtCacheTest, NeverHoldsMoreThanItsLimit) {
  JwtCache cache(verifier_, 8);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(cache.verify(token(i), kNow).ok());
    EXPECT_LE(cache.size(), 8u);
  }
  EXPECT_EQ(cache.size(), 8u);
}

TEST_F(JwtCacheTest, ATokenInUseOutlivesAScanOfOthers) {
  JwtCache cache(verifier_, 8);
  const std::string busy = token(1000);
  EXPECT_TRUE(cache.verify(busy, kNow).ok());
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(cache.verify(busy, kNow).ok());
    EXPECT_TRUE(cache.verify(token(i), kNow).ok());
  }
  EXPECT_EQ(cache.hits(), 100u);
}

TEST_F(JwtCacheTest, TheTextOfAllEntriesIsBounded) {
  constexpr size_t kBytesMax = 100'000;
  JwtCache cache(verifier_, kJwtCacheEntriesMax, kBytesMax);
  const std::string filler(5500, 'x');
  for (int i = 0; i < 40; ++i) {
    const std::string t = verifier_.sign(R"({"role":"anon","exp":1800000060,"n":)" +
                                         std::to_string(i) + R"(,"x":")" + filler + "\"}");
    ASSERT_TRUE(cache.verify(t, kNow).ok());
    ASSERT_LE(cache.bytes(), kBytesMax);
  }
  EXPECT_LT(cache.size(), 20u);
  EXPECT_GT(cache.size(), 10u);
}

TEST_F(JwtCacheTest, ClaimsOutliveTheirEntry) {
  JwtCache cache(verifier_, 1);
  const auto claims = cache.verify(token(1), kNow).or_raise();
  EXPECT_TRUE(cache.verify(token(2), kNow).ok());
  cache.clear();
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(claims->sub, "1");
  EXPECT_TRUE(cache.verify(token(1), kNow).ok());
}

TEST_F(JwtCacheTest, RandomUseKeepsItsBooksStraight) {
  JwtCache cache(verifier_, 5);
  std::vector<std::string> tokens;
  for (int i = 0; i < 12; ++i) tokens.push_back(token(i, kNow + 10 + i * 10));
  uint32_t state = 7;
  for (int step = 0; step < 3000; ++step) {
    state = state * 1664525 + 1013904223;
    const size_t which = (state >> 16) % tokens.size();
    const int64_t now = kNow + step / 25;
    const auto result = cache.verify(tokens[which], now);
    EXPECT_EQ(result.ok(), now < kNow + 10 + static_cast<int64_t>(which) * 10);
    ASSERT_LE(cache.size(), 5u);
  }
}

}  // namespace
}  // namespace chatpad::wire

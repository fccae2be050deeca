#include "runtime/edge/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace chatpad::edge {
namespace {

TEST(RateLimiter, admits_a_full_burst_and_then_says_how_long_to_wait) {
  RateLimiter limiter(1.0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.check("class", "client", 5, 3600), 0) << i;
  const int wait_s = limiter.check("class", "client", 5, 3600);
  EXPECT_GE(wait_s, 700);
  EXPECT_LE(wait_s, 721);
}

TEST(RateLimiter, counts_each_client_and_each_class_for_itself) {
  RateLimiter limiter(1.0);
  EXPECT_EQ(limiter.check("class", "one", 1, 3600), 0);
  EXPECT_GT(limiter.check("class", "one", 1, 3600), 0);
  EXPECT_EQ(limiter.check("class", "two", 1, 3600), 0);
  EXPECT_EQ(limiter.check("other", "one", 1, 3600), 0);
}

TEST(RateLimiter, is_multiplied_by_the_scale) {
  RateLimiter limiter(3.0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(limiter.check("class", "client", 2, 3600), 0) << i;
  EXPECT_GT(limiter.check("class", "client", 2, 3600), 0);
}

TEST(RateLimiter, forgets_rather_than_grows_when_clients_never_end) {
  RateLimiter limiter(1.0);
  const size_t clients = RateLimiter::kShards * RateLimiter::kKeysMax + 100'000;
  for (size_t i = 0; i < clients; ++i) {
    EXPECT_EQ(limiter.check("class", std::to_string(i), 1, 3600), 0);
  }
  EXPECT_LE(limiter.keys(), RateLimiter::kShards * RateLimiter::kKeysMax);
}

}  // namespace
}  // namespace chatpad::edge

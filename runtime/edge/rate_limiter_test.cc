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

TEST(RateLimiter, says_what_is_left_and_when_all_of_it_is_there_again) {
  RateLimiter limiter(2.0);
  for (uint64_t left : {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}) {
    const RateVerdict verdict = limiter.admit("class", "client", 5, 3600);
    EXPECT_EQ(verdict.wait_s, 0);
    EXPECT_EQ(verdict.limit, 10u);
    EXPECT_EQ(verdict.window_s, 3600u);
    EXPECT_EQ(verdict.remaining, left);
    const auto used = static_cast<uint32_t>(10 - left);
    EXPECT_LE(verdict.reset_s, used * 360);
    EXPECT_GE(verdict.reset_s + 20, used * 360);
  }
  const RateVerdict refused = limiter.admit("class", "client", 5, 3600);
  EXPECT_GT(refused.wait_s, 0);
  EXPECT_EQ(refused.remaining, 0u);
  EXPECT_EQ(refused.limit, 10u);
}

TEST(RateLimiter, forgets_rather_than_grows_when_clients_never_end) {
  RateLimiter limiter(1.0);
  const size_t clients = RateLimiter::kShards * RateLimiter::kKeysMax + 100'000;
  for (size_t i = 0; i < clients; ++i) {
    EXPECT_EQ(limiter.check("class", std::to_string(i), 1, 3600), 0);
  }
  EXPECT_LE(limiter.keys(), RateLimiter::kShards * RateLimiter::kKeysMax);
}

// Tells each what the other admitted, as the bus does.
void exchange(RateLimiter& one, RateLimiter& other) {
  const auto of_one = one.take_admissions();
  const auto of_other = other.take_admissions();
  for (const RateAdmission& admission : of_one) other.apply(admission);
  for (const RateAdmission& admission : of_other) one.apply(admission);
}

struct Pair {
  Pair() {
    for (RateLimiter* limiter : {&one, &other}) {
      limiter->share(SipKey{1, 2}, [this] { ++wakes; });
      limiter->set_sharing(RateLimiter::Sharing::on);
    }
  }
  int wakes = 0;
  RateLimiter one{1.0}, other{1.0};
};

TEST(RateLimiter, counts_what_another_program_admitted) {
  Pair pair;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(pair.one.check("class", "client", 10, 3600), 0);
  exchange(pair.one, pair.other);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pair.other.check("class", "client", 10, 3600), 0) << i;
  EXPECT_GT(pair.other.check("class", "client", 10, 3600), 0);
  EXPECT_EQ(pair.other.check("class", "somebody else", 10, 3600), 0);
  exchange(pair.one, pair.other);
  EXPECT_GT(pair.one.check("class", "client", 10, 3600), 0);
}

TEST(RateLimiter, charges_a_burst_that_several_programs_admitted_at_once) {
  Pair pair;
  for (RateLimiter* limiter : {&pair.one, &pair.other}) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limiter->check("class", "client", 10, 3600), 0);
  }
  exchange(pair.one, pair.other);
  for (RateLimiter* limiter : {&pair.one, &pair.other}) {
    EXPECT_GT(limiter->check("class", "client", 10, 3600), 3600);
  }
}

TEST(RateLimiter, lets_nobody_owe_more_than_two_windows) {
  Pair pair;
  const RateAdmission much{7, UINT64_MAX, 60};
  for (int i = 0; i < 1000; ++i) pair.one.apply(much);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(pair.other.check("class", "client", 200, 60), 0);
    for (const RateAdmission& admission : pair.other.take_admissions()) {
      for (int n = 0; n < 100; ++n) pair.one.apply(admission);
    }
  }
  EXPECT_LE(pair.one.check("class", "client", 200, 60), 61);
}

TEST(RateLimiter, wakes_once_for_everything_that_waits_and_keeps_nothing_when_alone) {
  Pair pair;
  for (int i = 0; i < 5; ++i) pair.one.check("class", std::to_string(i), 10, 3600);
  EXPECT_EQ(pair.wakes, 1);
  EXPECT_EQ(pair.one.take_admissions().size(), 5u);
  pair.one.check("class", "0", 10, 3600);
  pair.one.check("class", "0", 10, 3600);
  EXPECT_EQ(pair.wakes, 2);
  EXPECT_EQ(pair.one.take_admissions().size(), 1u);
  pair.one.set_sharing(RateLimiter::Sharing::off);
  pair.one.check("class", "0", 10, 3600);
  EXPECT_TRUE(pair.one.take_admissions().empty());
  EXPECT_EQ(pair.wakes, 2);
}

TEST(RateLimiter, tells_a_bounded_number_at_once_and_counts_the_rest) {
  Pair pair;
  const size_t most = RateLimiter::kShards * RateLimiter::kAdmissionsMax;
  for (size_t i = 0; i < 2 * most; ++i) pair.one.check("class", std::to_string(i), 10, 3600);
  EXPECT_LE(pair.one.take_admissions().size(), most);
  EXPECT_GT(pair.one.untold(), 0u);
}

}  // namespace
}  // namespace chatpad::edge

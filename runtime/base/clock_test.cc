#include "runtime/base/clock.h"

#include <gtest/gtest.h>

#include "runtime/base/check.h"

namespace chatpad {
namespace {

TEST(Clock, TimesAreWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(iso8601_ms(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso8601_ms(1'800'000'000'123), "2027-01-15T08:00:00.123Z");
  EXPECT_EQ(iso8601_ms(951'782'400'005), "2000-02-29T00:00:00.005Z");
}

TEST(Clock, MonotonicTimeNeverGoesBack) {
  uint64_t last = monotonic_us();
  for (int i = 0; i < 1000; ++i) {
    const uint64_t now = monotonic_us();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(Clock, WallTimeIsInThisCentury) {
  EXPECT_GT(wall_s(), 1'700'000'000);
  EXPECT_LT(wall_s(), 4'102'444'800);
}

TEST(CheckDeathTest, ABrokenRuleEndsTheProgramWithItsSentence) {
  EXPECT_DEATH(CHECK(1 == 2, "numbers behave"), "bug: numbers behave");
  CHECK(true, "nothing happens");
}

}  // namespace
}  // namespace chatpad

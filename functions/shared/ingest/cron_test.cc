#include "functions/shared/ingest/cron.h"

#include <gtest/gtest.h>

namespace chatpad::ingest {
namespace {

constexpr int64_t kStart = 1'709'164'800;  // 2024-02-29 00:00 UTC, a Thursday
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;

int64_t next(std::string_view text, int64_t after = kStart) {
  const auto cron = Cron::parse(text);
  return cron ? cron->next(after).value_or(-1) : -2;
}

TEST(Cron, finds_the_next_time) {
  EXPECT_EQ(next("* * * * *"), kStart + 60);
  EXPECT_EQ(next("* * * * *", kStart + 59), kStart + 60);
  EXPECT_EQ(next("0 */4 * * *"), kStart + 4 * kHour);
  EXPECT_EQ(next("30 4 * * *"), kStart + 4 * kHour + 1800);
  EXPECT_EQ(next("0 0 * * *"), kStart + kDay);
  EXPECT_EQ(next("0 0 1 3 *"), kStart + kDay);
  EXPECT_EQ(next("15,45 1-3/2 * * *"), kStart + kHour + 900);
  EXPECT_EQ(next("0 0 29 2 *"), kStart + 1461 * kDay);  // four years on
  EXPECT_EQ(next("0 0 30 2 *"), -1);
}

TEST(Cron, takes_either_day_when_both_are_given) {
  EXPECT_EQ(next("0 0 * * 1"), kStart + 4 * kDay);
  EXPECT_EQ(next("0 0 * * 7"), kStart + 3 * kDay);
  EXPECT_EQ(next("0 0 * * 0"), kStart + 3 * kDay);
  EXPECT_EQ(next("0 0 2 * 1"), kStart + 2 * kDay);
}

TEST(Cron, refuses_what_is_no_schedule) {
  for (const std::string_view text :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
        "* * * * 8", "a * * * *", "1- * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *",
        "-1 * * * *", "1.5 * * * *", "@daily", "99999999999 * * * *"}) {
    EXPECT_EQ(next(text), -2) << text;
  }
}

TEST(Cron, says_how_close_its_runs_are) {
  EXPECT_EQ(Cron::parse("* * * * *")->shortest_pause(kStart), 60);
  EXPECT_EQ(Cron::parse("0,10 4 * * *")->shortest_pause(kStart), 600);
  EXPECT_EQ(Cron::parse("0 */4 * * *")->shortest_pause(kStart), 4 * kHour);
}

}  // namespace
}  // namespace chatpad::ingest

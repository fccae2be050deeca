#include "runtime/pg/wal_watch.h"

#include <gtest/gtest.h>

namespace chatpad::pg {
namespace {

using Change = WalAlarm::Change;
constexpr int64_t kMiB = 1024 * 1024;

TEST(WalAlarm, says_once_that_half_is_passed_and_once_that_it_is_fine_again) {
  WalAlarm alarm;
  EXPECT_EQ(alarm.note(0, 100 * kMiB), Change::none);
  EXPECT_EQ(alarm.note(49 * kMiB, 100 * kMiB), Change::none);
  EXPECT_EQ(alarm.note(50 * kMiB, 100 * kMiB), Change::raised);
  EXPECT_EQ(alarm.note(99 * kMiB, 100 * kMiB), Change::none);
  EXPECT_TRUE(alarm.raised());
  // Not at every crossing of the half.
  EXPECT_EQ(alarm.note(49 * kMiB, 100 * kMiB), Change::none);
  EXPECT_EQ(alarm.note(51 * kMiB, 100 * kMiB), Change::none);
  EXPECT_EQ(alarm.note(32 * kMiB, 100 * kMiB), Change::ended);
  EXPECT_EQ(alarm.note(32 * kMiB, 100 * kMiB), Change::none);
  EXPECT_FALSE(alarm.raised());
}

TEST(WalAlarm, takes_a_size_of_its_own_where_the_server_has_no_limit) {
  WalAlarm alarm;
  EXPECT_EQ(alarm.note(kWalKeepAdvisedBytes / 2 - 1, -1), Change::none);
  EXPECT_EQ(alarm.note(kWalKeepAdvisedBytes / 2, -1), Change::raised);
  EXPECT_EQ(alarm.note(0, -1), Change::ended);
}

TEST(WalAlarm, is_quiet_when_nothing_is_kept_whatever_the_limit) {
  WalAlarm alarm;
  EXPECT_EQ(alarm.note(0, 0), Change::none);
  EXPECT_EQ(alarm.note(1, 0), Change::raised);
  EXPECT_EQ(alarm.note(0, 0), Change::ended);
}

TEST(WalReading, is_what_the_worst_slot_keeps) {
  WalReading reading;
  EXPECT_EQ(reading.kept_bytes(), 0);
  reading.slots.push_back(SlotReading{"a", "reserved", 5, 1});
  reading.slots.push_back(SlotReading{"b", "extended", 9, 1});
  reading.slots.push_back(SlotReading{"c", "reserved", 7, 1});
  EXPECT_EQ(reading.kept_bytes(), 9);
}

}  // namespace
}  // namespace chatpad::pg

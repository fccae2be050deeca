// Cron schedules of five fields (crontab(5)): minute, hour, day of the month, month, day of the
// week (0 and 7 are Sunday), in UTC. Fields hold `*`, numbers, ranges `1-5`, steps `*/15`, and
// lists of those. When both days are given, either will do. Names and `@daily` are not read.
//
// Owner: nobody; pure. Errors: parse gives nullopt.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace chatpad::ingest {

constexpr int64_t kSyncPauseLeastS = 15 * 60;  // between two runs of a schedule

class Cron {
 public:
  static std::optional<Cron> parse(std::string_view text);

  // The first time after `after_s`, both in seconds since 1970; nullopt when there is none in eight
  // years
  // ("0 0 30 2 *").
  std::optional<int64_t> next(int64_t after_s) const;
  // The shortest pause between the next few runs, in seconds.
  int64_t shortest_pause(int64_t after_s) const;

 private:
  bool fits_day(int64_t day) const;

  std::array<uint64_t, 5> fields_{};  // bits
  bool any_day_ = false;              // of the month
  bool any_weekday_ = false;
};

}  // namespace chatpad::ingest

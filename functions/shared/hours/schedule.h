// Operating hours of an agent: when a business is open, in its own time zone.
//
// For: get-widget-config's live status, and what is said outside hours. Correct over changes of
// daylight saving: an hour that happens twice is open both times, one that is skipped is not there.
// It does not notify, store or cache; ask again when you need to know.
// Owner: nobody; pure, except that the system's time zone database is read once per zone (package
// tzdata). Errors: parse_schedule gives Errc::validation_failed with the field in `details`.
// Limits: the constants below.
// Source: operating hours requirements; IANA time zone database through the library "date".
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::hours {

constexpr std::size_t kScheduleBytesMax = 64U * 1024;
constexpr std::size_t kPeriodsMax = 28;  // business hours; a day may have several
constexpr std::size_t kBreaksMax = 12;   // of one period
constexpr std::size_t kHolidaysMax = 400;
/// How far ahead the next opening is looked for.
constexpr int kHorizonDays = 400;

using Minutes = std::chrono::minutes;  // since local midnight, 0..1440

struct Break {
  Minutes start{};
  Minutes end{};
};

/// One stretch of opening on one day of the week. `close` not after `open` means the next day.
struct Period {
  unsigned weekday = 0;  // 0 is Sunday
  Minutes open{};
  Minutes close{};
  std::vector<Break> breaks;
};

struct Holiday {
  int year = 0;  // 0: every year
  unsigned month = 1;
  unsigned day = 1;
  std::string name;
};

struct OutsideHours {
  bool show_offline_message = false;
  std::string offline_message;
  bool allow_message_capture = true;
  bool escalate_to_email = false;
};

struct Schedule {
  std::string timezone = "UTC";
  bool always_open = true;  // nothing is configured
  std::vector<Period> periods;
  std::vector<Holiday> holidays;
  OutsideHours outside;
};

using Instant = std::chrono::sys_seconds;

struct Status {
  bool is_open = true;
  std::optional<Instant> next_open_time;  // only when closed; nullopt when it never opens
  std::string timezone;
};

/// Reads {"timezone", "businessHours": [...] or {"monday": {...}}, "holidays",
/// "outsideHoursBehavior"}. Empty text, null and {} mean always open, in UTC.
Result<Schedule> parse_schedule(std::string_view json);

Status status(const Schedule& schedule, Instant now);

/// 2026-12-24T08:00:00Z
std::string to_iso8601(Instant instant);

}  // namespace chatpad::hours

#include "functions/shared/hours/schedule.h"

#include <date/tz.h>

#include <algorithm>
#include <cstdio>

namespace chatpad::hours {
namespace {

constexpr Minutes kDay = std::chrono::hours(24);

// Half open, in UTC.
struct Interval {
  Instant begin;
  Instant end;
};

class Calendar {
 public:
  Calendar(const Schedule& schedule, const date::time_zone& zone)
      : schedule_(schedule), zone_(zone) {}

  date::local_days local_day(Instant now) const {
    return date::floor<date::days>(zone_.to_local(now));
  }

  // The times of one local day, breaks already cut out, in order.
  std::vector<Interval> open_on(date::local_days day) const {
    std::vector<Interval> open;
    if (is_holiday(day)) return open;
    const unsigned weekday = date::weekday(day).c_encoding();
    for (const Period& period : schedule_.periods) {
      if (period.weekday != weekday) continue;
      add_period(day, period, open);
    }
    std::sort(open.begin(), open.end(),
              [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
    return open;
  }

 private:
  bool is_holiday(date::local_days day) const {
    const date::year_month_day date(day);
    return std::any_of(
        schedule_.holidays.begin(), schedule_.holidays.end(), [&](const Holiday& holiday) {
          const bool year = holiday.year == 0 || holiday.year == static_cast<int>(date.year());
          return year && holiday.month == static_cast<unsigned>(date.month()) &&
                 holiday.day == static_cast<unsigned>(date.day());
        });
  }

  // A clock time that happens twice begins with the first and ends with the second; one that is
  // skipped is the moment of the change.
  Instant begins(date::local_days day, Minutes at) const {
    return date::floor<std::chrono::seconds>(zone_.to_sys(day + at, date::choose::earliest));
  }
  Instant ends(date::local_days day, Minutes at) const {
    return date::floor<std::chrono::seconds>(zone_.to_sys(day + at, date::choose::latest));
  }

  void add_period(date::local_days day, const Period& period, std::vector<Interval>& open) const {
    const Minutes close = period.close > period.open ? period.close : period.close + kDay;
    Instant begin = begins(day, period.open);
    for (const Break& pause : period.breaks) {
      // A break of a night shift may lie after midnight.
      const Minutes shift = pause.start < period.open ? kDay : Minutes(0);
      const Minutes pause_end = pause.end > pause.start ? pause.end : pause.end + kDay;
      const Instant pause_begins = begins(day, pause.start + shift);
      if (pause_begins > begin) open.push_back({begin, pause_begins});
      begin = std::max(begin, ends(day, pause_end + shift));
    }
    const Instant end = ends(day, close);
    if (end > begin) open.push_back({begin, end});
  }

  const Schedule& schedule_;
  const date::time_zone& zone_;
};

}  // namespace

Status status(const Schedule& schedule, Instant now) {
  Status result;
  result.timezone = schedule.timezone;
  if (schedule.always_open) return result;
  result.is_open = false;
  if (schedule.periods.empty()) return result;
  const Calendar calendar(schedule, *date::locate_zone(schedule.timezone));
  const date::local_days today = calendar.local_day(now);
  // Yesterday's last hours may reach into today.
  for (int offset = -1; offset <= kHorizonDays; ++offset) {
    for (const Interval& interval : calendar.open_on(today + date::days(offset))) {
      if (now >= interval.begin && now < interval.end) {
        result.is_open = true;
        result.next_open_time.reset();
        return result;
      }
      const bool sooner = !result.next_open_time || interval.begin < *result.next_open_time;
      if (interval.begin > now && sooner) result.next_open_time = interval.begin;
    }
    if (result.next_open_time && offset >= 1) break;
  }
  return result;
}

std::string to_iso8601(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace chatpad::hours

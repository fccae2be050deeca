#include <date/tz.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "functions/shared/hours/schedule.h"
#include "runtime/wire/json.h"

namespace chatpad::hours {
namespace {

using wire::Json;

// A schedule is flat; anything deeper is not one.
constexpr int kScheduleDepthMax = 8;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kOfflineMessageBytesMax = 2000;
constexpr std::size_t kTimezoneBytesMax = 64;

// Thrown inside this file only, and turned into a Result at its edge.
struct BadField {
  std::string field;
  std::string_view what;
};

[[noreturn]] void refuse(std::string field, std::string_view what) {
  throw BadField{std::move(field), what};
}

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json* value, const std::string& field, std::size_t bytes_max) {
  if (value == nullptr) return {};
  if (!value->is_string()) refuse(field, "must be text");
  std::string text = value->get<std::string>();
  if (text.size() > bytes_max) refuse(field, "is too long");
  return text;
}

bool flag_of(const Json* value, const std::string& field, bool otherwise) {
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) refuse(field, "must be true or false");
  return value->get<bool>();
}

const Json& list_of(const Json& value, const std::string& field, std::size_t size_max) {
  if (!value.is_array()) refuse(field, "must be a list");
  if (value.size() > size_max) refuse(field, "has too many entries");
  return value;
}

unsigned digits(std::string_view text) {
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 9999;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

// "HH:MM"; 24:00 is the end of the day.
Minutes time_of(const Json* value, const std::string& field) {
  const std::string text = text_of(value, field, 5);
  if (text.size() != 5 || text[2] != ':') refuse(field, "must be a time like 09:00");
  const unsigned hour = digits(text.substr(0, 2));
  const unsigned minute = digits(text.substr(3, 2));
  const bool end_of_day = hour == 24 && minute == 0;
  if ((hour > 23 && !end_of_day) || minute > 59) refuse(field, "must be a time like 09:00");
  return Minutes(static_cast<int>(hour * 60 + minute));
}

unsigned weekday_named(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {
      "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
  const auto found = std::find(names.begin(), names.end(), name);
  return static_cast<unsigned>(found - names.begin());
}

unsigned weekday_of(const Json* value, const std::string& field) {
  constexpr std::string_view what = "must be 0 (Sunday) to 6, or the name of a day";
  if (value == nullptr) refuse(field, what);
  if (value->is_string()) {
    std::string name = value->get<std::string>();
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    if (const unsigned day = weekday_named(name); day < 7) return day;
    refuse(field, what);
  }
  if (!value->is_number_integer()) refuse(field, what);
  const auto number = value->get<std::int64_t>();
  if (number < 0 || number > 7) refuse(field, what);
  return static_cast<unsigned>(number % 7);
}

std::vector<Break> breaks_of(const Json& object, const std::string& field) {
  std::vector<Break> breaks;
  const Json* const list = member(object, "breaks");
  if (list == nullptr) return breaks;
  for (const Json& item : list_of(*list, field + ".breaks", kBreaksMax)) {
    const std::string at = field + ".breaks[" + std::to_string(breaks.size()) + "]";
    if (!item.is_object()) refuse(at, "must be an object");
    Break pause{time_of(member(item, "startTime"), at + ".startTime"),
                time_of(member(item, "endTime"), at + ".endTime")};
    if (pause.start == pause.end) refuse(at + ".endTime", "must differ from startTime");
    breaks.push_back(pause);
  }
  return breaks;
}

void read_day(const Json& object, unsigned weekday, const std::string& field, Schedule& schedule) {
  if (!object.is_object()) refuse(field, "must be an object");
  if (!flag_of(member(object, "isOpen"), field + ".isOpen", true)) return;
  Period period;
  period.weekday = weekday;
  period.open = time_of(member(object, "openTime"), field + ".openTime");
  period.close = time_of(member(object, "closeTime"), field + ".closeTime");
  const bool whole_day = period.open == Minutes(0);
  if (period.open == period.close && !whole_day) {
    refuse(field + ".closeTime", "must differ from openTime");
  }
  period.breaks = breaks_of(object, field);
  // In the order they happen, also when the night goes past midnight.
  std::sort(period.breaks.begin(), period.breaks.end(), [&](const Break& a, const Break& b) {
    return std::pair(a.start < period.open, a.start) < std::pair(b.start < period.open, b.start);
  });
  schedule.periods.push_back(std::move(period));
}

void read_business_hours(const Json& value, Schedule& schedule) {
  if (value.is_object()) {
    for (const auto& [name, day] : value.items()) {
      const std::string field = "businessHours." + name.substr(0, kNameBytesMax);
      const Json key = name;
      read_day(day, weekday_of(&key, field), field, schedule);
    }
    return;
  }
  std::size_t index = 0;
  for (const Json& day : list_of(value, "businessHours", kPeriodsMax)) {
    const std::string field = "businessHours[" + std::to_string(index++) + "]";
    if (!day.is_object()) refuse(field, "must be an object");
    read_day(day, weekday_of(member(day, "dayOfWeek"), field + ".dayOfWeek"), field, schedule);
  }
}

Holiday holiday_of(const Json& item, const std::string& field) {
  constexpr std::string_view what = "must be a date like 2026-12-25";
  if (!item.is_object()) refuse(field, "must be an object");
  const std::string text = text_of(member(item, "date"), field + ".date", 32);
  // A time behind the date is allowed; only the date counts.
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' ||
      (text.size() > 10 && text[10] != 'T')) {
    refuse(field + ".date", what);
  }
  const unsigned year = digits(text.substr(0, 4));
  const date::year_month_day day(date::year(static_cast<int>(year)),
                                 date::month(digits(text.substr(5, 2))),
                                 date::day(digits(text.substr(8, 2))));
  if (year == 0 || year == 9999 || !day.ok()) refuse(field + ".date", what);
  Holiday holiday;
  const bool recurring = flag_of(member(item, "isRecurring"), field + ".isRecurring", false);
  holiday.year = recurring ? 0 : static_cast<int>(year);
  holiday.month = static_cast<unsigned>(day.month());
  holiday.day = static_cast<unsigned>(day.day());
  holiday.name = text_of(member(item, "name"), field + ".name", kNameBytesMax);
  return holiday;
}

void read_outside(const Json& value, OutsideHours& outside) {
  const std::string field = "outsideHoursBehavior";
  if (!value.is_object()) refuse(field, "must be an object");
  outside.show_offline_message =
      flag_of(member(value, "showOfflineMessage"), field + ".showOfflineMessage", false);
  outside.offline_message =
      text_of(member(value, "offlineMessage"), field + ".offlineMessage", kOfflineMessageBytesMax);
  outside.allow_message_capture =
      flag_of(member(value, "allowMessageCapture"), field + ".allowMessageCapture", true);
  outside.escalate_to_email =
      flag_of(member(value, "escalateToEmail"), field + ".escalateToEmail", false);
}

std::string zone_of(const Json& object) {
  std::string name = text_of(member(object, "timezone"), "timezone", kTimezoneBytesMax);
  if (name.empty()) return "UTC";
  try {
    date::locate_zone(name);
  } catch (const std::runtime_error&) {
    refuse("timezone", "is not a time zone like Europe/Berlin");
  }
  return name;
}

// Only holidays are given: every other day is open.
void open_around_the_clock(Schedule& schedule) {
  schedule.always_open = false;
  for (unsigned weekday = 0; weekday < 7; ++weekday) {
    schedule.periods.push_back({weekday, Minutes(0), std::chrono::hours(24), {}});
  }
}

Schedule read_schedule(const Json& object) {
  if (!object.is_object()) refuse("operatingHours", "must be an object");
  Schedule schedule;
  schedule.timezone = zone_of(object);
  if (const Json* const days = member(object, "businessHours")) {
    schedule.always_open = days->empty();
    read_business_hours(*days, schedule);
  }
  if (const Json* const holidays = member(object, "holidays")) {
    for (const Json& item : list_of(*holidays, "holidays", kHolidaysMax)) {
      schedule.holidays.push_back(
          holiday_of(item, "holidays[" + std::to_string(schedule.holidays.size()) + "]"));
    }
  }
  if (schedule.always_open && !schedule.holidays.empty()) open_around_the_clock(schedule);
  if (const Json* const outside = member(object, "outsideHoursBehavior")) {
    read_outside(*outside, schedule.outside);
  }
  return schedule;
}

}  // namespace

Result<Schedule> parse_schedule(std::string_view json) {
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) return Schedule{};
  wire::JsonLimits limits;
  limits.depth_max = kScheduleDepthMax;
  limits.bytes_max = kScheduleBytesMax;
  Result<Json> parsed = wire::parse_json(json, limits);
  if (!parsed) return parsed.error();
  if (parsed->is_null()) return Schedule{};
  try {
    return read_schedule(*parsed);
  } catch (const BadField& bad) {
    Error error(Errc::validation_failed, PublicText(bad.field + " " + std::string(bad.what)));
    error.details = bad.field;
    return error;
  }
}

}  // namespace chatpad::hours

#include "functions/shared/hours/schedule.h"

#include <date/date.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace chatpad::hours {
namespace {

Instant at(const std::string& text) {
  std::istringstream in(text);
  Instant instant;
  in >> date::parse("%FT%TZ", instant);
  EXPECT_FALSE(in.fail()) << text;
  return instant;
}

Schedule parsed(std::string_view json) {
  Result<Schedule> result = parse_schedule(json);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().details);
  return result.ok() ? std::move(result).value() : Schedule{};
}

std::string refused_field(std::string_view json) {
  const Result<Schedule> result = parse_schedule(json);
  if (result.ok()) return "accepted";
  return result.error().errc == Errc::validation_failed ? result.error().details : "bad json";
}

std::string next_open(const Schedule& schedule, const std::string& now) {
  const Status found = status(schedule, at(now));
  if (found.is_open) return "open";
  return found.next_open_time ? to_iso8601(*found.next_open_time) : "never";
}

constexpr std::string_view kBerlinWeek = R"({"timezone":"Europe/Berlin","businessHours":[
  {"dayOfWeek":1,"isOpen":true,"openTime":"09:00","closeTime":"18:00",
   "breaks":[{"startTime":"12:00","endTime":"13:00"}]},
  {"dayOfWeek":2,"isOpen":true,"openTime":"09:00","closeTime":"18:00"},
  {"dayOfWeek":5,"isOpen":true,"openTime":"09:00","closeTime":"18:00"},
  {"dayOfWeek":6,"isOpen":false}],
  "holidays":[{"date":"2026-12-25","name":"Christmas","isRecurring":true},
              {"date":"2026-06-09","name":"Outing"}],
  "outsideHoursBehavior":{"showOfflineMessage":true,"offlineMessage":"Back soon",
                          "allowMessageCapture":false,"escalateToEmail":true}})";

TEST(Schedule, that_is_empty_is_always_open) {
  for (const std::string_view nothing : {"", "  ", "null", "{}", R"({"businessHours":[]})",
                                         R"({"businessHours":null,"holidays":[]})"}) {
    const Status found = status(parsed(nothing), at("2026-01-01T03:00:00Z"));
    EXPECT_TRUE(found.is_open) << nothing;
    EXPECT_FALSE(found.next_open_time);
    EXPECT_EQ(found.timezone, "UTC");
  }
}

TEST(Schedule, opens_and_closes_in_its_own_time_zone) {
  const Schedule week = parsed(kBerlinWeek);
  EXPECT_EQ(next_open(week, "2026-06-01T06:59:59Z"), "2026-06-01T07:00:00Z");  // Monday, summer
  EXPECT_EQ(next_open(week, "2026-06-01T07:00:00Z"), "open");
  EXPECT_EQ(next_open(week, "2026-06-01T15:59:59Z"), "open");
  EXPECT_EQ(next_open(week, "2026-06-01T16:00:00Z"), "2026-06-02T07:00:00Z");
  EXPECT_EQ(next_open(week, "2026-01-05T07:30:00Z"), "2026-01-05T08:00:00Z");  // Monday, winter
  EXPECT_EQ(status(week, at("2026-06-01T07:00:00Z")).timezone, "Europe/Berlin");
}

TEST(Schedule, is_closed_during_breaks) {
  const Schedule week = parsed(kBerlinWeek);
  EXPECT_EQ(next_open(week, "2026-06-01T09:59:59Z"), "open");
  EXPECT_EQ(next_open(week, "2026-06-01T10:00:00Z"), "2026-06-01T11:00:00Z");
  EXPECT_EQ(next_open(week, "2026-06-01T11:00:00Z"), "open");
}

TEST(Schedule, passes_over_days_that_are_closed) {
  const Schedule week = parsed(kBerlinWeek);
  EXPECT_EQ(next_open(week, "2026-06-05T16:00:00Z"), "2026-06-08T07:00:00Z");  // Friday to Monday
  EXPECT_EQ(next_open(week, "2026-06-06T10:00:00Z"), "2026-06-08T07:00:00Z");
}

TEST(Schedule, keeps_holidays_once_or_every_year) {
  const Schedule week = parsed(kBerlinWeek);
  EXPECT_EQ(next_open(week, "2026-06-09T10:00:00Z"), "2026-06-12T07:00:00Z");  // the outing
  EXPECT_EQ(next_open(week, "2026-12-25T10:00:00Z"), "2026-12-28T08:00:00Z");  // a Friday
  EXPECT_EQ(next_open(week, "2028-12-25T10:00:00Z"), "2028-12-26T08:00:00Z");  // a Monday
  EXPECT_EQ(next_open(parsed(R"({"holidays":[{"date":"2026-05-01"}]})"), "2026-05-01T10:00:00Z"),
            "2026-05-02T00:00:00Z");
}

TEST(Schedule, reads_what_happens_outside_hours) {
  const OutsideHours outside = parsed(kBerlinWeek).outside;
  EXPECT_TRUE(outside.show_offline_message);
  EXPECT_EQ(outside.offline_message, "Back soon");
  EXPECT_FALSE(outside.allow_message_capture);
  EXPECT_TRUE(outside.escalate_to_email);
}

TEST(Schedule, survives_the_hour_that_is_skipped) {
  // Berlin, 2026-03-29: 02:00 becomes 03:00, which is 01:00 UTC.
  const Schedule night = parsed(R"({"timezone":"Europe/Berlin","businessHours":[
    {"dayOfWeek":0,"openTime":"02:30","closeTime":"04:00"}]})");
  EXPECT_EQ(next_open(night, "2026-03-29T00:59:59Z"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(next_open(night, "2026-03-29T01:59:59Z"), "open");
  EXPECT_EQ(next_open(night, "2026-03-29T02:00:00Z"), "2026-04-05T00:30:00Z");
}

TEST(Schedule, is_open_both_times_in_the_hour_that_happens_twice) {
  // Berlin, 2026-10-25: 03:00 becomes 02:00, which is 01:00 UTC.
  const Schedule night = parsed(R"({"timezone":"Europe/Berlin","businessHours":[
    {"dayOfWeek":0,"openTime":"02:00","closeTime":"02:30"}]})");
  EXPECT_EQ(next_open(night, "2026-10-24T23:59:59Z"), "2026-10-25T00:00:00Z");
  EXPECT_EQ(next_open(night, "2026-10-25T00:10:00Z"), "open");
  EXPECT_EQ(next_open(night, "2026-10-25T01:10:00Z"), "open");
  EXPECT_EQ(next_open(night, "2026-10-25T01:30:00Z"), "2026-11-01T01:00:00Z");
}

TEST(Schedule, goes_past_midnight_and_around_the_clock) {
  const Schedule bar = parsed(R"({"timezone":"America/New_York","businessHours":[
    {"dayOfWeek":"Friday","openTime":"20:00","closeTime":"03:00",
     "breaks":[{"startTime":"00:30","endTime":"01:00"},
               {"startTime":"22:00","endTime":"22:15"}]}]})");
  EXPECT_EQ(next_open(bar, "2026-06-06T00:00:00Z"), "open");  // Friday 20:00
  EXPECT_EQ(next_open(bar, "2026-06-06T02:05:00Z"), "2026-06-06T02:15:00Z");
  EXPECT_EQ(next_open(bar, "2026-06-06T04:45:00Z"), "2026-06-06T05:00:00Z");
  EXPECT_EQ(next_open(bar, "2026-06-06T06:59:00Z"), "open");
  EXPECT_EQ(next_open(bar, "2026-06-06T07:00:00Z"), "2026-06-13T00:00:00Z");
  const Schedule always = parsed(R"({"businessHours":{"monday":{"isOpen":true,"openTime":"00:00",
    "closeTime":"24:00"},"tuesday":{"openTime":"00:00","closeTime":"00:00"}}})");
  EXPECT_EQ(next_open(always, "2026-06-01T23:59:59Z"), "open");
  EXPECT_EQ(next_open(always, "2026-06-02T00:00:00Z"), "open");
  EXPECT_EQ(next_open(always, "2026-06-03T00:00:00Z"), "2026-06-08T00:00:00Z");
}

TEST(Schedule, that_never_opens_has_no_next_time) {
  EXPECT_EQ(next_open(parsed(R"({"businessHours":[{"dayOfWeek":1,"isOpen":false}]})"),
                      "2026-06-01T12:00:00Z"),
            "never");
}

TEST(Schedule, names_the_field_that_is_wrong) {
  EXPECT_EQ(refused_field(R"({"timezone":"Mars/Base"})"), "timezone");
  EXPECT_EQ(refused_field(R"({"timezone":"../../etc/passwd"})"), "timezone");
  EXPECT_EQ(refused_field(R"({"timezone":7})"), "timezone");
  EXPECT_EQ(refused_field("[]"), "operatingHours");
  EXPECT_EQ(refused_field(R"({"businessHours":"always"})"), "businessHours");
  EXPECT_EQ(refused_field(R"({"businessHours":[{"dayOfWeek":9}]})"), "businessHours[0].dayOfWeek");
  EXPECT_EQ(refused_field(R"({"businessHours":{"someday":{}}})"), "businessHours.someday");
  EXPECT_EQ(refused_field(R"({"businessHours":[{"dayOfWeek":1,"openTime":"9:00"}]})"),
            "businessHours[0].openTime");
  EXPECT_EQ(refused_field(
                R"({"businessHours":[{"dayOfWeek":1,"openTime":"09:00","closeTime":"25:00"}]})"),
            "businessHours[0].closeTime");
  EXPECT_EQ(refused_field(
                R"({"businessHours":[{"dayOfWeek":1,"openTime":"09:00","closeTime":"09:00"}]})"),
            "businessHours[0].closeTime");
  EXPECT_EQ(
      refused_field(R"({"businessHours":[{"dayOfWeek":1,"openTime":"09:00","closeTime":"10:00",
                              "breaks":[{"startTime":"09:30"}]}]})"),
      "businessHours[0].breaks[0].endTime");
  EXPECT_EQ(refused_field(R"({"holidays":[{"date":"2026-02-30"}]})"), "holidays[0].date");
  EXPECT_EQ(refused_field(R"({"holidays":[{"date":"25.12.2026"}]})"), "holidays[0].date");
  EXPECT_EQ(refused_field(R"({"outsideHoursBehavior":{"escalateToEmail":"yes"}})"),
            "outsideHoursBehavior.escalateToEmail");
}

TEST(Schedule, refuses_what_is_too_much) {
  std::string holidays = R"({"holidays":[)";
  for (std::size_t i = 0; i <= kHolidaysMax; ++i) {
    holidays += (i == 0 ? "" : ",");
    holidays += R"({"date":"2026-01-01"})";
  }
  EXPECT_EQ(refused_field(holidays + "]}"), "holidays");
  EXPECT_FALSE(parse_schedule("{\"name\":\"" + std::string(kScheduleBytesMax, 'x') + "\"}").ok());
  EXPECT_FALSE(parse_schedule(std::string(10'000, '[')).ok());
  EXPECT_FALSE(parse_schedule("{\"timezone\":").ok());
}

}  // namespace
}  // namespace chatpad::hours

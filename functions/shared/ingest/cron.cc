#include "functions/shared/ingest/cron.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>

namespace chatpad::ingest {
namespace {

constexpr int64_t kDayS = 86'400;
constexpr int kDaysLookedAt = 8 * 366;
constexpr int kRunsLookedAt = 64;
constexpr size_t kTextBytesMax = 60;
constexpr std::array<std::pair<int, int>, 5> kRanges = {
    std::pair(0, 59), std::pair(0, 23), std::pair(1, 31), std::pair(1, 12), std::pair(0, 7)};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

// One item of a list: "*", "5", "1-5", each perhaps with "/2".
bool add_item(std::string_view item, std::pair<int, int> range, uint64_t& bits) {
  int step = 1;
  const size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto given = number(item.substr(slash + 1));
    if (!given || *given < 1) return false;
    step = *given;
    item = item.substr(0, slash);
  }
  auto [from, to] = range;
  if (item != "*") {
    const size_t dash = item.find('-');
    const auto first = number(item.substr(0, dash));
    if (!first) return false;
    from = *first;
    if (dash != std::string_view::npos) {
      const auto last = number(item.substr(dash + 1));
      if (!last) return false;
      to = *last;
    } else if (slash == std::string_view::npos) {
      to = from;
    }
  }
  if (from < range.first || to > range.second || from > to) return false;
  for (int i = from; i <= to; i += step) bits |= uint64_t{1} << i;
  return true;
}

std::optional<uint64_t> read_field(std::string_view field, std::pair<int, int> range) {
  uint64_t bits = 0;
  for (;;) {
    const size_t comma = field.find(',');
    if (!add_item(field.substr(0, comma), range, bits)) return std::nullopt;
    if (comma == std::string_view::npos) return bits;
    field.remove_prefix(comma + 1);
  }
}

bool has(uint64_t bits, int64_t value) { return (bits >> value & 1) != 0; }

}  // namespace

std::optional<Cron> Cron::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  Cron cron;
  size_t count = 0;
  while (!text.empty()) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::string_view field = text.substr(0, text.find(' '));
    text.remove_prefix(field.size());
    if (count == cron.fields_.size()) return std::nullopt;
    const auto bits = read_field(field, kRanges[count]);
    if (!bits) return std::nullopt;
    if (count == 2) cron.any_day_ = field.starts_with('*');
    if (count == 4) cron.any_weekday_ = field.starts_with('*');
    cron.fields_[count++] = *bits;
  }
  if (count != cron.fields_.size()) return std::nullopt;
  if (has(cron.fields_[4], 7)) cron.fields_[4] |= 1;
  return cron;
}

bool Cron::fits_day(int64_t day) const {
  const std::chrono::sys_days date{std::chrono::days(day)};
  const std::chrono::year_month_day parts(date);
  const std::chrono::weekday weekday(date);
  if (!has(fields_[3], static_cast<unsigned>(parts.month()))) return false;
  const bool day_fits = has(fields_[2], static_cast<unsigned>(parts.day()));
  const bool weekday_fits = has(fields_[4], weekday.c_encoding());
  if (any_day_ || any_weekday_) return day_fits && weekday_fits;
  return day_fits || weekday_fits;
}

std::optional<int64_t> Cron::next(int64_t after_s) const {
  const int64_t from = after_s / 60 * 60 + 60;
  for (int64_t day = from / kDayS; day < from / kDayS + kDaysLookedAt; ++day) {
    if (!fits_day(day)) continue;
    for (int64_t minute = 0; minute < 24 * 60; ++minute) {
      const int64_t at = day * kDayS + minute * 60;
      if (at >= from && has(fields_[1], minute / 60) && has(fields_[0], minute % 60)) return at;
    }
  }
  return std::nullopt;
}

int64_t Cron::shortest_pause(int64_t after_s) const {
  int64_t shortest = INT64_MAX;
  std::optional<int64_t> before = next(after_s);
  for (int i = 0; before && i < kRunsLookedAt; ++i) {
    const std::optional<int64_t> then = next(*before);
    if (!then) break;
    shortest = std::min(shortest, *then - *before);
    before = then;
  }
  return shortest;
}

}  // namespace chatpad::ingest

#include "runtime/base/clock.h"

#include <cstdio>
#include <ctime>

namespace chatpad {
namespace {

uint64_t read_us(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return static_cast<uint64_t>(ts.tv_sec) * 1'000'000 + static_cast<uint64_t>(ts.tv_nsec) / 1000;
}

}  // namespace

uint64_t monotonic_us() { return read_us(CLOCK_MONOTONIC); }
uint64_t monotonic_ms() { return read_us(CLOCK_MONOTONIC) / 1000; }
int64_t wall_ms() { return static_cast<int64_t>(read_us(CLOCK_REALTIME) / 1000); }
int64_t wall_s() { return wall_ms() / 1000; }

std::string iso8601_ms(int64_t wall_ms) {
  const time_t seconds = wall_ms / 1000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[96];  // room for whatever a year can print as
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(wall_ms % 1000));
  return text;
}

}  // namespace chatpad

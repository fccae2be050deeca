// The log: one JSON object per line on standard error.
//
//   log::Line(LogLevel::warn, "pool_exhausted").field("waiting", 12);
//
// The line is written when the temporary ends. Values are escaped, so no field can break a line
// (CR, LF, ANSI). Never log bodies, tokens, keys or passwords. A burst is bounded: above
// kLinesPerSecondMax per second lines are dropped and counted, and the count is logged when the
// burst is over. When the pipe is full, lines are dropped, never waited for. Thread-safe.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::log {

constexpr uint64_t kLinesPerSecondMax = 2000;
constexpr size_t kFieldBytesMax = 2048;  // longer values are cut

void set_level(LogLevel level);
LogLevel level();
// Where lines go; standard error unless set. The descriptor stays open for the program's life.
void set_fd(int fd);
int fd();
uint64_t dropped_lines();

class Line {
 public:
  Line(LogLevel level, std::string_view event);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Line& field(std::string_view key, std::string_view value);
  Line& field(std::string_view key, const char* value) {
    return field(key, std::string_view(value));
  }
  Line& field(std::string_view key, double value);
  template <std::integral T>
  Line& field(std::string_view key, T value) {
    return number(key, static_cast<int64_t>(value));
  }

 private:
  Line& number(std::string_view key, int64_t value);
  std::string text_;
  bool wanted_;
};

// Appends `value` as the inside of a JSON string: control characters, quotes, backslashes and
// invalid UTF-8 never come out raw.
void append_escaped(std::string& out, std::string_view value);

}  // namespace chatpad::log

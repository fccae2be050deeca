#include "runtime/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdio>

#include "runtime/base/clock.h"

namespace chatpad::log {
namespace {

std::atomic<int> g_fd{STDERR_FILENO};
std::atomic<LogLevel> g_level{LogLevel::info};
std::atomic<uint64_t> g_second{0};
std::atomic<uint64_t> g_lines{0};
std::atomic<uint64_t> g_dropped{0};

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};

bool within_burst() {
  const uint64_t now = monotonic_ms() / 1000;
  uint64_t second = g_second.load(std::memory_order_relaxed);
  if (second != now && g_second.compare_exchange_strong(second, now)) {
    g_lines.store(0, std::memory_order_relaxed);
  }
  return g_lines.fetch_add(1, std::memory_order_relaxed) < kLinesPerSecondMax;
}

// Length of the valid UTF-8 sequence at the start of `s`, 0 when it is not one (RFC 3629).
size_t utf8_length(std::string_view s) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char c = byte(0);
  if (c < 0x80) return 1;
  const size_t n = c >= 0xc2 && c <= 0xdf   ? 2
                   : c >= 0xe0 && c <= 0xef ? 3
                   : c >= 0xf0 && c <= 0xf4 ? 4
                                            : 0;
  if (n == 0 || s.size() < n) return 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (c == 0xe0 && byte(1) < 0xa0) return 0;
  if (c == 0xed && byte(1) > 0x9f) return 0;
  if (c == 0xf0 && byte(1) < 0x90) return 0;
  if (c == 0xf4 && byte(1) > 0x8f) return 0;
  return n;
}

}  // namespace

void set_level(LogLevel level) { g_level = level; }
LogLevel level() { return g_level; }
void set_fd(int fd) { g_fd = fd; }
int fd() { return g_fd; }
uint64_t dropped_lines() { return g_dropped; }

void append_escaped(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const auto c = static_cast<unsigned char>(value[0]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\u%04x", c);
      out += hex;
    } else {
      const size_t n = utf8_length(value);
      if (n == 0) {
        out += "\\ufffd";
        value.remove_prefix(1);
        continue;
      }
      out.append(value.substr(0, n));
      value.remove_prefix(n);
      continue;
    }
    value.remove_prefix(1);
  }
}

Line::Line(LogLevel level, std::string_view event)
    : wanted_(level >= g_level.load(std::memory_order_relaxed)) {
  if (!wanted_) return;
  text_.reserve(256);
  text_ += R"({"time":")";
  text_ += iso8601_ms(wall_ms());
  text_ += R"(","level":")";
  text_ += kNames[static_cast<size_t>(level)];
  text_ += R"(","event":")";
  append_escaped(text_, event);
  text_ += '"';
}

Line::~Line() {
  if (!wanted_) return;
  if (!within_burst()) {
    g_dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  text_ += "}\n";
  if (::write(g_fd.load(std::memory_order_relaxed), text_.data(), text_.size()) < 0) {
    g_dropped.fetch_add(1, std::memory_order_relaxed);
  }
}

Line& Line::field(std::string_view key, std::string_view value) {
  if (!wanted_) return *this;
  text_ += ",\"";
  append_escaped(text_, key);
  text_ += "\":\"";
  append_escaped(text_, value.substr(0, kFieldBytesMax));
  text_ += '"';
  return *this;
}

Line& Line::field(std::string_view key, double value) {
  if (!wanted_) return *this;
  text_ += ",\"";
  append_escaped(text_, key);
  char digits[32];
  std::snprintf(digits, sizeof digits, "\":%.3f", std::isfinite(value) ? value : 0.0);
  text_ += digits;
  return *this;
}

Line& Line::number(std::string_view key, int64_t value) {
  if (!wanted_) return *this;
  text_ += ",\"";
  append_escaped(text_, key);
  text_ += "\":";
  text_ += std::to_string(value);
  return *this;
}

}  // namespace chatpad::log

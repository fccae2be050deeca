// AccessLog: one JSON line per request, written in one piece at the end of the loop's turn.
//
// A line holds method, path without its query, status, durations, the caller's kind and the request
// id; never a body, a token or a query string. Lines that do not fit kBufferBytesMax within a turn,
// or that the pipe does not take, are dropped and counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/loop/loop.h"

namespace chatpad::edge {

class AccessLog {
 public:
  static constexpr size_t kBufferBytesMax = 1 << 20;
  static constexpr size_t kPathBytesMax = 200;

  AccessLog(Loop& loop, bool wanted);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  struct Entry {
    std::string_view method;
    std::string_view path;
    int status;
    uint64_t duration_us;
    uint64_t db_us;
    std::string_view caller;
    std::string_view address;
    std::string_view request_id;
    std::string_view cause;  // log text of an error, may be empty
  };
  void add(const Entry& entry);
  uint64_t dropped() const { return dropped_; }

 private:
  void flush();
  Loop& loop_;
  bool wanted_;
  uint64_t turn_end_id_;
  uint64_t dropped_ = 0;
  int64_t stamp_ms_ = 0;
  std::string stamp_;
  std::string buffer_;
};

}  // namespace chatpad::edge

// Server-sent events (WHATWG HTML, section 9.2): the writing side and an incremental reader.
//
// Writing: append_sse_event() for each event, append_sse_comment() as keep-alive. Reading: one
// SseParser per response, fed with whatever pieces the network gives; it follows the grammar for
// CR, LF and CRLF, a byte order mark at the start, several data lines, ids that stay, and drops an
// event the stream ends in. Neither side checks UTF-8 or what the data means. No I/O.
//
// Errors: Errc::upstream_failed when a line or an event is larger than the limits; after that the
// parser stays failed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::wire {

struct SseEvent {
  std::string id;    // writing: no id line when empty; reading: the last id seen so far
  std::string type;  // writing: no event line when empty; reading: "message" when none was given
  std::string data;
};

// Line breaks in data start a new data line. CR, LF and NUL are dropped from id and type.
void append_sse_event(std::string& out, const SseEvent& event);
void append_sse_event(std::string& out, std::string_view id, std::string_view type,
                      std::string_view data);
// ": text", which clients ignore. One line: line breaks are dropped.
void append_sse_comment(std::string& out, std::string_view text);
// How long clients shall wait before they connect again.
void append_sse_retry(std::string& out, uint32_t retry_ms);

struct SseLimits {
  size_t line_bytes_max = 256 * 1024;
  size_t event_bytes_max = 1024 * 1024;  // all data lines of one event together
};

class SseParser {
 public:
  explicit SseParser(SseLimits limits = {}) : limits_(limits) {}

  // Appends the events that `bytes` completed to `events`.
  Result<void> feed(std::string_view bytes, std::vector<SseEvent>& events);
  // The room of an event's data that has been read is used for the next one's.
  void reuse(std::string data);

  const std::string& last_event_id() const { return last_event_id_; }
  uint32_t retry_ms() const { return retry_ms_; }  // 0 until the server names one

 private:
  static constexpr size_t kBomBytes = 3;
  void skip_bom(std::string_view& bytes);
  bool line(std::string_view text, std::vector<SseEvent>& events);
  bool field(std::string_view name, std::string_view value);
  void dispatch(std::vector<SseEvent>& events);

  SseLimits limits_;
  std::string line_;  // the part of a line that has arrived
  std::string data_;
  std::string type_;
  std::string last_event_id_;
  uint32_t retry_ms_ = 0;
  size_t bom_matched_ = 0;  // bytes of a byte order mark seen; kBomBytes once that is settled
  bool has_data_ = false;
  bool skip_line_feed_ = false;  // the last byte was a CR that ended a line
  bool failed_ = false;
};

}  // namespace chatpad::wire

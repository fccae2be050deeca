// RequestParser: the head of one HTTP/1.x request (RFC 9112), from bytes to a Request. Pure: no
// sockets, no clock.
//
// llhttp tokenises; around it stand the rules that llhttp alone does not enforce, because every
// lenient reading is a way to smuggle a request past a proxy: CRLF only, no folding, no control
// characters, exact version, one valid Host, one valid Content-Length or exactly `chunked`, no
// repeated header whose first and last value could mean different things.
//
// Use: call parse() with all bytes of the request received so far, again with more of them until it
// does not say `more`. The bytes may move between calls. Header names are lowered in place. On
// `complete` the views of the Request point into the bytes of that call. Bytes before the end of
// the head are looked at once, however they arrive.
//
// Errors: refusal() is the Errc of the reply: bad_request, bad_content_length, method_not_allowed,
// headers_too_large, uri_too_long, unsupported_media_type.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/http/server.h"

namespace chatpad::http {

enum class ParseStep : uint8_t { more, complete, refused };
enum class BodyKind : uint8_t { none, length, chunked };
enum class Expectation : uint8_t { none, continue_100 };

struct HeadLimits {
  size_t header_bytes_max = 16 * 1024;
  size_t header_count_max = 100;
  size_t target_bytes_max = 8 * 1024;
};

constexpr size_t kHostBytesMax = 255;

class RequestParser {
 public:
  explicit RequestParser(HeadLimits limits) : limits_(limits) {}

  // Forgets the request; the next call of parse() starts a new one.
  void reset();
  ParseStep parse(char* data, size_t size, Request& request);

  Errc refusal() const { return refusal_; }
  // Valid after `complete`:
  size_t head_bytes() const { return head_bytes_; }
  BodyKind body_kind() const { return body_kind_; }
  uint64_t content_length() const { return content_length_; }
  Expectation expectation() const { return expectation_; }

 private:
  ParseStep refuse(Errc errc);
  ParseStep take_line(const char* line, size_t size);
  ParseStep finish(char* data, Request& request);
  bool read_request_line(std::string_view line, Request& request);
  bool read_target(Request& request);
  bool read_headers(Request& request);
  bool read_framing(const Request& request, std::string_view length, std::string_view encoding);
  bool read_upgrade(Request& request, std::string_view upgrade);

  HeadLimits limits_;
  size_t scanned_ = 0;     // no LF in [line_start_, scanned_)
  size_t line_start_ = 0;  // first byte of the line being looked for
  size_t start_ = 0;       // after the one empty line that may precede a request
  size_t lines_ = 0;       // complete lines, the request line included
  size_t head_bytes_ = 0;
  uint64_t content_length_ = 0;
  BodyKind body_kind_ = BodyKind::none;
  Expectation expectation_ = Expectation::none;
  Errc refusal_ = Errc::bad_request;
};

// Content-Length by the letter: 1 to 18 digits, no sign, no leading zero. nullopt otherwise.
std::optional<uint64_t> parse_content_length(std::string_view text);
// A Host value: name, IPv4 or [IPv6], then optionally a port.
bool valid_host(std::string_view host);

}  // namespace chatpad::http

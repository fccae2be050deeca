// The bytes before a reply's body: status line, Date, framing. Pure apart from DateLine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatpad::http {

// "HTTP/1.1 200 OK\r\n"
void append_status_line(std::string& out, int status);
// "Content-Length: 12\r\n"
void append_content_length(std::string& out, uint64_t bytes);
// 1xx, 204 and 304 have no body and no Content-Length.
bool status_has_body(int status);

// "Date: Fri, 20 Nov 2026 10:11:12 GMT\r\n", made anew once a second.
class DateLine {
 public:
  std::string_view at(uint64_t monotonic_ms);

 private:
  std::string text_;
  uint64_t good_until_ms_ = 0;
};

}  // namespace chatpad::http

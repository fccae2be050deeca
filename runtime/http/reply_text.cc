#include "runtime/http/reply_text.h"

#include <array>
#include <charconv>
#include <ctime>

#include "runtime/base/clock.h"

namespace chatpad::http {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

void append_number(std::string& out, uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

}  // namespace

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  append_number(out, static_cast<uint64_t>(status));
  out += ' ';
  out += reason(status);
  out += "\r\n";
}

void append_content_length(std::string& out, uint64_t bytes) {
  out += "Content-Length: ";
  append_number(out, bytes);
  out += "\r\n";
}

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view DateLine::at(uint64_t monotonic_ms) {
  if (monotonic_ms < good_until_ms_) return text_;
  const int64_t wall = wall_ms();
  good_until_ms_ = monotonic_ms + 1000 - static_cast<uint64_t>(wall % 1000);
  const time_t seconds = static_cast<time_t>(wall / 1000);
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> line;
  // The C locale's names are what the protocol asks for; the program never calls setlocale.
  const size_t size =
      strftime(line.data(), line.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  text_.assign(line.data(), size);
  return text_;
}

}  // namespace chatpad::http

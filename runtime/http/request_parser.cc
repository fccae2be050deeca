#include "runtime/http/request_parser.h"

#include <llhttp.h>

#include <array>
#include <cstring>

namespace chatpad::http {
namespace {

// Lower-case form of every character a header name may have (RFC 9110 `tchar`), 0 for the others.
constexpr std::array<char, 256> make_token_table() {
  std::array<char, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<uint8_t>(c)] = c;
    table[static_cast<uint8_t>(c - 'a' + 'A')] = c;
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] = c;
  return table;
}
constexpr std::array<char, 256> kToken = make_token_table();

bool lower_token(char* text, size_t size) {
  bool valid = size > 0;
  for (size_t i = 0; i < size; ++i) {
    const char lower = kToken[static_cast<uint8_t>(text[i])];
    valid &= lower != 0;
    text[i] = lower;
  }
  return valid;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

bool equals_ignoring_case(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// Any byte below 0x20 other than HTAB, or DEL. Eight bytes a step until something is hit.
bool has_control(const char* text, size_t size) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, text + i, 8);
    const uint64_t is_del = word ^ (kOnes * 0x7f);
    const uint64_t suspect =
        ((word - kOnes * 0x20) & ~word & kHighs) | ((is_del - kOnes) & ~is_del & kHighs);
    if (suspect != 0) break;
  }
  for (; i < size; ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    if ((c < 0x20 && c != '\t') || c == 0x7f) return true;
  }
  return false;
}

int on_field(llhttp_t* parser, const char* at, size_t size) {
  static_cast<Request*>(parser->data)->headers.push_back(Header{{at, size}, {}});
  return 0;
}

int on_value(llhttp_t* parser, const char* at, size_t size) {
  auto& headers = static_cast<Request*>(parser->data)->headers;
  if (headers.empty() || !headers.back().value.empty()) return HPE_USER;
  while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t')) --size;
  headers.back().value = {at, size};
  return 0;
}

int on_head_end(llhttp_t*) { return HPE_PAUSED; }

const llhttp_settings_t& settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_header_field = on_field;
    s.on_header_value = on_value;
    s.on_headers_complete = on_head_end;
    return s;
  }();
  return kSettings;
}

Method method_of(uint8_t method) {
  switch (method) {
    case HTTP_GET:
      return Method::get;
    case HTTP_HEAD:
      return Method::head;
    case HTTP_POST:
      return Method::post;
    case HTTP_PUT:
      return Method::put;
    case HTTP_PATCH:
      return Method::patch;
    case HTTP_DELETE:
      return Method::del;
    case HTTP_OPTIONS:
      return Method::options;
    default:
      return Method::other;
  }
}

// Headers of which a second one is refused, because two readers could believe different ones.
enum Single : uint32_t {
  not_single = 0,
  host = 1,
  content_length = 2,
  transfer_encoding = 4,
  authorization = 8,
  apikey = 16,
  content_type = 32,
  origin = 64,
  expect = 128,
  content_encoding = 256,
  upgrade = 512,
};

Single single_of(std::string_view name) {
  switch (name.size()) {
    case 4:
      return name == "host" ? Single::host : Single::not_single;
    case 6:
      return name == "apikey"   ? Single::apikey
             : name == "origin" ? Single::origin
             : name == "expect" ? Single::expect
                                : Single::not_single;
    case 7:
      return name == "upgrade" ? Single::upgrade : Single::not_single;
    case 12:
      return name == "content-type" ? Single::content_type : Single::not_single;
    case 13:
      return name == "authorization" ? Single::authorization : Single::not_single;
    case 14:
      return name == "content-length" ? Single::content_length : Single::not_single;
    case 16:
      return name == "content-encoding" ? Single::content_encoding : Single::not_single;
    case 17:
      return name == "transfer-encoding" ? Single::transfer_encoding : Single::not_single;
    default:
      return Single::not_single;
  }
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

enum class Encoded : uint8_t { nul_only, any_control };

// True when the text has a percent-encoded control character of the kind that is refused.
bool has_encoded_control(std::string_view text, Encoded kind) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size()) return false;
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    if (high < 0 || low < 0) continue;
    const int value = high * 16 + low;
    if (value == 0) return true;
    if (kind == Encoded::any_control && (value < 0x20 || value == 0x7f)) return true;
  }
  return false;
}

}  // namespace

std::optional<uint64_t> parse_content_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  if (text[0] == '0' && text.size() > 1) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

bool valid_host(std::string_view text) {
  if (text.empty() || text.size() > kHostBytesMax) return false;
  size_t end = 0;
  if (text[0] == '[') {
    for (end = 1; end < text.size() && text[end] != ']'; ++end) {
      if (hex_value(text[end]) < 0 && text[end] != ':' && text[end] != '.') return false;
    }
    if (end < 4 || end == text.size()) return false;
    ++end;
  } else {
    for (; end < text.size() && text[end] != ':'; ++end) {
      const char c = text[end];
      const bool mark = c == '-' || c == '.' || c == '_' || c == '~';
      if (!is_digit(c) && !is_alpha(c) && !mark) return false;
    }
    if (end == 0) return false;
  }
  if (end == text.size()) return true;
  if (text[end] != ':' || text.size() - end > 6) return false;
  for (size_t i = end + 1; i < text.size(); ++i) {
    if (!is_digit(text[i])) return false;
  }
  return true;
}

void RequestParser::reset() {
  scanned_ = line_start_ = start_ = lines_ = head_bytes_ = 0;
  content_length_ = 0;
  body_kind_ = BodyKind::none;
  expectation_ = Expectation::none;
}

ParseStep RequestParser::refuse(Errc errc) {
  refusal_ = errc;
  return ParseStep::refused;
}

ParseStep RequestParser::parse(char* data, size_t size, Request& request) {
  while (scanned_ < size) {
    const void* found = std::memchr(data + scanned_, '\n', size - scanned_);
    if (found == nullptr) {
      scanned_ = size;
      break;
    }
    const size_t end = static_cast<size_t>(static_cast<const char*>(found) - data);
    if (end == line_start_ || data[end - 1] != '\r') return refuse(Errc::bad_request);
    const size_t line = line_start_;
    scanned_ = line_start_ = end + 1;
    if (end + 1 - start_ > limits_.header_bytes_max) {
      return refuse(lines_ == 0 ? Errc::uri_too_long : Errc::headers_too_large);
    }
    if (end - 1 == line) {
      if (lines_ == 0 && line == 0) {
        start_ = line_start_;
        continue;
      }
      if (lines_ == 0) return refuse(Errc::bad_request);
      head_bytes_ = line_start_;
      return finish(data, request);
    }
    const ParseStep step = take_line(data + line, end - 1 - line);
    if (step == ParseStep::refused) return step;
  }
  if (size > start_) {
    // Something that is no HTTP at all (a TLS hello, a binary protocol) is not waited for.
    const char first = data[start_];
    if (kToken[static_cast<uint8_t>(first)] == 0 && first != '\r') return refuse(Errc::bad_request);
  }
  // A CR at the end may belong to the line's end, which is yet to come.
  const size_t line_bytes = size - start_ - (size > start_ && data[size - 1] == '\r' ? 1 : 0);
  if (lines_ == 0 && line_bytes > limits_.target_bytes_max + 64) return refuse(Errc::uri_too_long);
  if (size - start_ >= limits_.header_bytes_max) return refuse(Errc::headers_too_large);
  return ParseStep::more;
}

ParseStep RequestParser::take_line(const char* line, size_t size) {
  if (has_control(line, size)) return refuse(Errc::bad_request);
  // Folded headers, and a space before the first one.
  if (line[0] == ' ' || line[0] == '\t') return refuse(Errc::bad_request);
  if (lines_ == 0 && size > limits_.target_bytes_max + 64) return refuse(Errc::uri_too_long);
  if (++lines_ > limits_.header_count_max + 1) return refuse(Errc::headers_too_large);
  return ParseStep::more;
}

ParseStep RequestParser::finish(char* data, Request& request) {
  request.headers.clear();
  request.body = {};
  const char* line = data + start_;
  const auto* line_end = static_cast<const char*>(std::memchr(line, '\r', head_bytes_ - start_));
  if (!read_request_line({line, static_cast<size_t>(line_end - line)}, request)) {
    return ParseStep::refused;
  }
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings());
  parser.data = &request;
  const llhttp_errno_t result = llhttp_execute(&parser, line, head_bytes_ - start_);
  if (result != HPE_PAUSED) {
    switch (result) {
      case HPE_INVALID_METHOD:
        return refuse(Errc::method_not_allowed);
      case HPE_INVALID_CONTENT_LENGTH:
      case HPE_UNEXPECTED_CONTENT_LENGTH:
        return refuse(Errc::bad_content_length);
      default:
        return refuse(Errc::bad_request);
    }
  }
  if (parser.method == HTTP_CONNECT || parser.method == HTTP_TRACE) {
    return refuse(Errc::method_not_allowed);
  }
  // One header per line: a reader that splits differently has misread the request.
  if (request.headers.size() + 1 != lines_) return refuse(Errc::bad_request);
  request.method = method_of(parser.method);
  request.keep_alive = llhttp_should_keep_alive(&parser) != 0;
  request.wants_upgrade = parser.upgrade != 0;
  return read_headers(request) ? ParseStep::complete : ParseStep::refused;
}

bool RequestParser::read_request_line(std::string_view line, Request& request) {
  refusal_ = Errc::bad_request;
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end + 1) return false;
  const std::string_view version = line.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  request.http_1_0 = version.back() == '0';
  request.method_text = line.substr(0, method_end);
  request.target = line.substr(method_end + 1, target_end - method_end - 1);
  if (request.target.size() > limits_.target_bytes_max) {
    refusal_ = Errc::uri_too_long;
    return false;
  }
  return request.target.find_first_of(" \t#") == std::string_view::npos;
}

bool RequestParser::read_headers(Request& request) {
  refusal_ = Errc::bad_request;
  uint32_t seen = 0;
  std::string_view length, encoding, upgrade;
  // All names first: a refusal is worded with the Origin, wherever in the list that stands.
  bool names_valid = true;
  for (const Header& header : request.headers) {
    // The bytes are the caller's mutable buffer.
    names_valid &= lower_token(const_cast<char*>(header.name.data()), header.name.size());
  }
  if (!names_valid) return false;
  for (const Header& header : request.headers) {
    const uint32_t bit = single_of(header.name);
    if (bit == 0) continue;
    if ((seen & bit) != 0) {
      if (bit == Single::content_length) refusal_ = Errc::bad_content_length;
      return false;
    }
    seen |= bit;
    if (bit == Single::host && !valid_host(header.value)) return false;
    if (bit == Single::content_length) length = header.value;
    if (bit == Single::transfer_encoding) encoding = header.value;
    if (bit == Single::upgrade) upgrade = header.value;
    if (bit == Single::expect) {
      if (!equals_ignoring_case(header.value, "100-continue")) return false;
      if (!request.http_1_0) expectation_ = Expectation::continue_100;
    }
    if (bit == Single::content_encoding && !equals_ignoring_case(header.value, "identity")) {
      refusal_ = Errc::unsupported_media_type;
      return false;
    }
  }
  if ((seen & Single::host) == 0 && !request.http_1_0) return false;
  if ((seen & Single::content_length) != 0 && length.empty()) {
    refusal_ = Errc::bad_content_length;
    return false;
  }
  if ((seen & Single::transfer_encoding) != 0 && encoding.empty()) return false;
  return read_framing(request, length, encoding) && read_target(request) &&
         read_upgrade(request, upgrade);
}

bool RequestParser::read_framing(const Request& request, std::string_view length,
                                 std::string_view encoding) {
  if (!encoding.empty()) {
    if (!length.empty()) {
      refusal_ = Errc::bad_content_length;
      return false;
    }
    if (request.http_1_0 || !equals_ignoring_case(encoding, "chunked")) return false;
    body_kind_ = BodyKind::chunked;
    return true;
  }
  if (length.empty()) return true;
  const std::optional<uint64_t> bytes = parse_content_length(length);
  if (!bytes) {
    refusal_ = Errc::bad_content_length;
    return false;
  }
  content_length_ = *bytes;
  if (*bytes > 0) body_kind_ = BodyKind::length;
  return true;
}

bool RequestParser::read_target(Request& request) {
  std::string_view rest = request.target;
  if (rest[0] != '/') {
    if (rest == "*") {
      request.path = rest;
      request.query = {};
      return request.method == Method::options;
    }
    // Absolute form: accepted when it names the same authority as Host.
    const size_t scheme_end = rest.find("://");
    if (scheme_end == std::string_view::npos) return false;
    const std::string_view scheme = rest.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
      return false;
    }
    rest.remove_prefix(scheme_end + 3);
    const size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
    if (rest.substr(0, authority_end) != request.header("host")) return false;
    rest.remove_prefix(authority_end);
    if (rest.empty() || rest[0] == '?') return false;
  }
  const size_t mark = rest.find('?');
  request.path = rest.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
  return !has_encoded_control(request.path, Encoded::any_control) &&
         !has_encoded_control(request.query, Encoded::nul_only);
}

bool RequestParser::read_upgrade(Request& request, std::string_view upgrade) {
  // Only websockets are ever upgraded to. A client that asks for anything else (h2c) is answered in
  // HTTP/1.1 and its connection ends there.
  if (!upgrade.empty() && !equals_ignoring_case(upgrade, "websocket")) {
    request.wants_upgrade = false;
    request.keep_alive = false;
  }
  return true;
}

}  // namespace chatpad::http

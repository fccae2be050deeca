#include "runtime/wire/url.h"

#include <algorithm>

#include "runtime/wire/utf8.h"

namespace chatpad::wire {
namespace {

constexpr int kPortMax = 65535;
constexpr size_t kHostBytesMax = 253;  // RFC 1035, 2.3.4, without the root's dot

Error bad_request(const char* sentence) { return Error(Errc::bad_request, PublicText(sentence)); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that `%XX` at `at` stands for, or -1.
int escaped_byte(std::string_view text, size_t at) {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

enum class Plus : uint8_t { literal, space };

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == Plus::space) {
      out += ' ';
    } else if (text[at] != '%') {
      if (text[at] == '\0') return bad_request("The URL contains a NUL.");
      out += text[at];
    } else {
      const int byte = escaped_byte(text, at);
      if (byte < 0) return bad_request("The URL has a % that two hex digits do not follow.");
      if (byte == 0) return bad_request("The URL contains a NUL.");
      out += static_cast<char>(byte);
      at += 2;
    }
  }
  if (!is_utf8(out)) return bad_request("The URL is not UTF-8.");
  return out;
}

// One segment between slashes, still encoded.
Result<void> check_segment(std::string_view segment) {
  // The segment without path parameters and with its dots decoded: "..;x" and "%2e." are "..".
  std::string plain;
  bool in_parameters = false;
  for (size_t at = 0; at < segment.size(); ++at) {
    int c = static_cast<unsigned char>(segment[at]);
    if (c <= 0x20 || c >= 0x7f || c == '\\' || c == '?' || c == '#') {
      return bad_request("The path contains a character that must be percent-encoded.");
    }
    in_parameters = in_parameters || c == ';';
    if (c == '%') {
      c = escaped_byte(segment, at);
      if (c < 0) return bad_request("The URL has a % that two hex digits do not follow.");
      if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') {
        return bad_request("The path contains an encoded slash, backslash or control character.");
      }
      at += 2;
    }
    if (!in_parameters && plain.size() < 3) plain += static_cast<char>(c);
  }
  if (plain == "." || plain == "..") return bad_request("The path contains a dot segment.");
  return {};
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax || host.front() == '.' || host.back() == '.' ||
      host.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_ipv6_literal(std::string_view host) {
  if (host.size() < 4 || host.size() > 47 || host.front() != '[' || host.back() != ']')
    return false;
  const std::string_view inner = host.substr(1, host.size() - 2);
  return std::count(inner.begin(), inner.end(), ':') >= 2 &&
         std::all_of(inner.begin(), inner.end(),
                     [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

int default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

// 1..65535 without sign or leading zero; -1 otherwise.
int parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0') return -1;
  int port = 0;
  for (const char c : text) {
    if (!is_digit(c)) return -1;
    port = port * 10 + (c - '0');
  }
  return port <= kPortMax ? port : -1;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) { return decode(text, Plus::literal); }

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.empty()) continue;
    if (query.items_.size() == kQueryParametersMax) {
      return bad_request("The URL has too many parameters.");
    }
    const size_t equals = std::min(item.find('='), item.size());
    Result<std::string> name = decode(item.substr(0, equals), Plus::space);
    if (!name) return name.error();
    Result<std::string> value = decode(item.substr(std::min(equals + 1, item.size())), Plus::space);
    if (!value) return value.error();
    query.items_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : items_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Result<void> check_path(std::string_view path) {
  if (path.empty() || path[0] != '/') return bad_request("The path must start with a slash.");
  if (path.find("//") != std::string_view::npos) {
    return bad_request("The path contains an empty segment.");
  }
  size_t segments = 0;
  for (size_t at = 1; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (++segments > kPathSegmentsMax) return bad_request("The path has too many segments.");
    Result<void> checked = check_segment(path.substr(at, end - at));
    if (!checked) return checked;
    at = end + 1;
  }
  return {};
}

Result<std::vector<std::string>> path_segments(std::string_view path) {
  const Result<void> checked = check_path(path);
  if (!checked) return checked.error();
  std::vector<std::string> segments;
  for (size_t at = 1; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    Result<std::string> segment = percent_decode(path.substr(at, end - at));
    if (!segment) return segment.error();
    segments.push_back(std::move(*segment));
    at = end + 1;
  }
  return segments;
}

std::string Origin::str() const {
  std::string out = scheme + "://" + host;
  if (port != default_port(scheme)) out += ":" + std::to_string(port);
  return out;
}

std::optional<Origin> parse_origin(std::string_view text) {
  if (text.size() > kOriginBytesMax) return std::nullopt;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) return std::nullopt;
  Origin origin;
  origin.scheme = lower(text.substr(0, colon));
  std::string_view rest = text.substr(colon + 3);
  const size_t host_end =
      rest.starts_with('[') ? rest.find(']') + 1 : std::min(rest.find(':'), rest.size());
  const std::string_view host = rest.substr(0, host_end);
  if (!is_host_name(host) && !is_ipv6_literal(host)) return std::nullopt;
  origin.host = lower(host);
  origin.port = default_port(origin.scheme);
  rest.remove_prefix(host_end);
  if (rest.empty()) return origin;
  if (rest[0] != ':') return std::nullopt;
  origin.port = parse_port(rest.substr(1));
  if (origin.port < 0) return std::nullopt;
  return origin;
}

bool same_origin(std::string_view a, std::string_view b) {
  const std::optional<Origin> first = parse_origin(a);
  return first && first == parse_origin(b);
}

}  // namespace chatpad::wire

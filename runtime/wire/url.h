// URLs as servers need them (RFC 3986, WHATWG origins): decode once, refuse what has two readings.
//
// Everything refused is Errc::bad_request with a public sentence that does not repeat the input.
// No I/O, no name resolution; whether a host may be fetched is safe_fetch's question.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::wire {

constexpr size_t kQueryParametersMax = 64;
constexpr size_t kPathSegmentsMax = 64;
constexpr size_t kOriginBytesMax = 300;  // scheme, a 253-byte host and a port

// Every %XX becomes its byte, once. Refused: a % without two hex digits, %00, a result that is not
// UTF-8. '+' stays '+'.
Result<std::string> percent_decode(std::string_view text);
// Everything but RFC 3986's unreserved characters is encoded.
std::string percent_encode(std::string_view text);

// The parameters of a query, decoded ('+' is a space), in their order. Names may repeat.
class Query {
 public:
  // `text` is what follows '?'. More than kQueryParametersMax parameters are refused.
  static Result<Query> parse(std::string_view text);

  // The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

// A path that every reader understands alike: starts with '/', no "." or ".." segment in any
// spelling, no "//", no backslash, no encoded slash, backslash or control character, no raw control
// character, blank, '?', '#' or non-ASCII byte.
Result<void> check_path(std::string_view path);
// check_path, then the decoded segments. "/" has none; a trailing slash adds none.
Result<std::vector<std::string>> path_segments(std::string_view path);

// scheme://host[:port]. Two origins are the same when all three parts are; a missing port is the
// scheme's default, letters are lower case.
struct Origin {
  std::string scheme;
  std::string host;  // a name, an IPv4 address, or [IPv6]
  int port = 0;      // 0: the scheme has no default and none was given

  // As a browser sends it.
  std::string str() const;
  bool operator==(const Origin&) const = default;
};

// nullopt for "null", a path, user info, a list, a wildcard, non-ASCII hosts and everything else
// that is not exactly one origin.
std::optional<Origin> parse_origin(std::string_view text);
bool same_origin(std::string_view a, std::string_view b);

}  // namespace chatpad::wire

// redis://[user[:password]@]host[:port][/db] as its parts. Pure.
//
// User and password may be percent-encoded; IPv6 addresses stand in brackets. Errors:
// Errc::validation_failed with a sentence that names the setting and never repeats the URL, which
// holds a password. TLS (rediss://) is refused: it belongs to a tunnel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::realtime {

struct RedisUrl {
  std::string user;
  std::string password;
  std::string host;
  uint16_t port = 6379;
  uint16_t db = 0;

  static Result<RedisUrl> parse(std::string_view url);
};

}  // namespace chatpad::realtime

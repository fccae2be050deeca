#include "realtime/bus/redis_url.h"

#include <charconv>

#include "runtime/wire/url.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kHostBytesMax = 253;
constexpr uint16_t kDbMax = 1023;

Error refused(const char* why) {
  return Error(Errc::validation_failed, PublicText(std::string("CHATPAD_REDIS_URL ") + why));
}

Error no_url() { return refused("must be like redis://user:password@host:6379/0."); }

bool read_number(std::string_view text, uint16_t most, uint16_t& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc() && end == text.data() + text.size() && out <= most;
}

bool read_host(std::string_view text, std::string& host, std::string_view& port) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (host.empty() || host.size() > kHostBytesMax) return false;
  for (const char c : host) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_' || c == ':';
    if (!plain) return false;
  }
  return true;
}

}  // namespace

Result<RedisUrl> RedisUrl::parse(std::string_view url) {
  if (url.starts_with("rediss://")) {
    return refused(
        "asks for TLS (rediss://), which this program does not speak to Redis. Use redis:// to a "
        "server in a private network, or to a local TLS tunnel such as stunnel.");
  }
  constexpr std::string_view kScheme = "redis://";
  if (!url.starts_with(kScheme)) return no_url();
  url.remove_prefix(kScheme.size());
  if (url.find_first_of("?# \t\r\n") != std::string_view::npos) return no_url();
  RedisUrl parts;
  const size_t at = url.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view login = url.substr(0, at);
    const size_t colon = login.find(':');
    auto user = wire::percent_decode(login.substr(0, colon));
    auto password = wire::percent_decode(colon == std::string_view::npos ? std::string_view()
                                                                         : login.substr(colon + 1));
    if (!user || !password || password->empty()) return no_url();
    parts.user = std::move(user).value();
    parts.password = std::move(password).value();
    url.remove_prefix(at + 1);
  }
  const size_t slash = url.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view db = url.substr(slash + 1);
    if (!db.empty() && !read_number(db, kDbMax, parts.db)) return no_url();
    url = url.substr(0, slash);
  }
  std::string_view port;
  if (!read_host(url, parts.host, port)) return no_url();
  if (!port.empty() && (!read_number(port.substr(1), 65535, parts.port) || parts.port == 0)) {
    return no_url();
  }
  return parts;
}

}  // namespace chatpad::realtime

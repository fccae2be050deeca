#include "runtime/wire/own_origin.h"

#include "runtime/wire/url.h"

namespace chatpad::wire {
namespace {

// The whole of 127.0.0.0/8 would do, too, but browsers and people use these three.
bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

bool is_own_origin(std::string_view origin, std::string_view public_url) {
  const std::optional<Origin> asked = parse_origin(origin);
  const std::optional<Origin> own = parse_origin(public_url);
  if (!asked || !own) return false;
  if (*asked == *own) return true;
  return is_loopback(asked->host) && is_loopback(own->host) && asked->scheme == own->scheme &&
         asked->port == own->port;
}

}  // namespace chatpad::wire

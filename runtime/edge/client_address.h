// Where a request comes from, for limits and logs. X-Forwarded-For is anybody's word; it is read
// only as far as trusted proxies wrote it (CHATPAD_TRUSTED_PROXIES). Pure; nothing is resolved.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/config.h"
#include "runtime/http/server.h"

namespace chatpad::edge {

// The socket's peer, or, when that is a trusted proxy, the last address of X-Forwarded-For that is
// not. A view into the request or its peer.
std::string_view client_address(const http::Request& request, const Config& config);
// What a rate limit counts per: an IPv4 address, or the /64 of an IPv6 address.
std::string address_prefix(std::string_view address);

}  // namespace chatpad::edge

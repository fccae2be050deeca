#include "runtime/edge/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace chatpad::edge {

std::string_view client_address(const http::Request& request, const Config& config) {
  const auto trusted = [&config](std::string_view address) {
    return std::find(config.trusted_proxies.begin(), config.trusted_proxies.end(), address) !=
           config.trusted_proxies.end();
  };
  std::string_view address = request.peer;
  std::string_view forwarded = request.header("x-forwarded-for");
  while (trusted(address) && !forwarded.empty()) {
    const size_t comma = forwarded.rfind(',');
    std::string_view last =
        comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
    forwarded = comma == std::string_view::npos ? std::string_view() : forwarded.substr(0, comma);
    while (!last.empty() && last.front() == ' ') last.remove_prefix(1);
    while (!last.empty() && last.back() == ' ') last.remove_suffix(1);
    if (last.empty()) break;
    address = last;
  }
  return address;
}

std::string address_prefix(std::string_view address) {
  std::string text(address);
  std::array<uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  // An address of version 4 in the clothes of version 6.
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    std::array<char, INET_ADDRSTRLEN> four{};
    inet_ntop(AF_INET, bytes.data() + kMapped.size(), four.data(), four.size());
    return four.data();
  }
  // The first four groups: what one subscriber usually gets. However the rest is written.
  std::array<char, 4 * 5 + 1> prefix{};
  std::snprintf(prefix.data(), prefix.size(), "%x:%x:%x:%x:", bytes[0] << 8 | bytes[1],
                bytes[2] << 8 | bytes[3], bytes[4] << 8 | bytes[5], bytes[6] << 8 | bytes[7]);
  return prefix.data();
}

}  // namespace chatpad::edge

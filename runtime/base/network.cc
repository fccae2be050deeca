#include "runtime/base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace chatpad {
namespace {

bool same_prefix(const uint8_t* a, const uint8_t* b, int bits) {
  const size_t whole = static_cast<size_t>(bits / 8);
  if (std::memcmp(a, b, whole) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (a[whole] & mask) == (b[whole] & mask);
}

}  // namespace

bool Network::contains(const sockaddr& address) const {
  if (address.sa_family != family) return false;
  if (family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    return same_prefix(prefix.data(), reinterpret_cast<const uint8_t*>(&in.sin_addr), bits);
  }
  const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
  return same_prefix(prefix.data(), in.sin6_addr.s6_addr, bits);
}

std::optional<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (address.find('\0') != std::string::npos) return std::nullopt;
  Network network;
  network.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(network.family, address.c_str(), network.prefix.data()) != 1) return std::nullopt;
  const int most = network.family == AF_INET ? 32 : 128;
  network.bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto [end, code] =
        std::from_chars(length.data(), length.data() + length.size(), network.bits);
    if (code != std::errc() || end != length.data() + length.size() || network.bits < 0 ||
        network.bits > most) {
      return std::nullopt;
    }
  }
  for (int bit = network.bits; bit < most; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if ((network.prefix[static_cast<size_t>(bit / 8)] & mask) != 0) return std::nullopt;
  }
  return network;
}

bool any_contains(const std::vector<Network>& networks, const sockaddr& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&address](const Network& network) { return network.contains(address); });
}

}  // namespace chatpad

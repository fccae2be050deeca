// Networks of IP addresses (RFC 4632, RFC 4291): read from text, asked whether an address is in
// one.
//
// IPv4 and IPv6 are kept apart: an IPv4-mapped IPv6 address is an IPv6 address here and in no IPv4
// network. Nothing is resolved; only numeric addresses are read, in their one usual spelling.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace chatpad {

struct Network {
  sa_family_t family = AF_UNSPEC;  // AF_INET or AF_INET6
  std::array<uint8_t, 16> prefix{};
  int bits = 0;

  // False for an address of another family.
  bool contains(const sockaddr& address) const;
  bool operator==(const Network&) const = default;
};

// "10.0.0.0/8", "fd00::/8", or a single address. nullopt for anything else, also when bits behind
// the prefix are set, which is a slip more often than not.
std::optional<Network> parse_network(std::string_view text);

bool any_contains(const std::vector<Network>& networks, const sockaddr& address);

}  // namespace chatpad

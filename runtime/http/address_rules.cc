#include <initializer_list>

#include "runtime/base/check.h"
#include "runtime/http/safe_fetch.h"

namespace chatpad::http {
namespace {

std::vector<Network> networks(std::initializer_list<std::string_view> texts) {
  std::vector<Network> out;
  for (const std::string_view text : texts) {
    const auto network = parse_network(text);
    CHECK(network.has_value(), "the list holds networks only");
    out.push_back(*network);
  }
  return out;
}

// IANA's special-purpose registries (RFC 6890 and its updates), and what clouds answer on. Of IPv6
// only global unicast (2000::/3) stays open: mapped, compatible and translated IPv4, loopback,
// unique local, link-local, site-local, multicast and segment routing all lie outside of it.
const std::vector<Network>& not_public() {
  static const std::vector<Network> list = networks({
      "0.0.0.0/8",         // this network
      "10.0.0.0/8",        // private
      "100.64.0.0/10",     // carrier-grade NAT; also one cloud's metadata service
      "127.0.0.0/8",       // loopback
      "168.63.129.16/32",  // one cloud's host agent, at a public address
      "169.254.0.0/16",    // link-local; clouds' metadata services
      "172.16.0.0/12",     // private
      "192.0.0.0/24",      // protocol assignments
      "192.0.2.0/24",      // documentation
      "192.88.99.0/24",    // 6to4 relays
      "192.168.0.0/16",    // private
      "198.18.0.0/15",     // benchmarks
      "198.51.100.0/24",   // documentation
      "203.0.113.0/24",    // documentation
      "224.0.0.0/4",       // multicast
      "240.0.0.0/4",       // reserved, broadcast
      "::/3",              // unspecified, loopback, mapped, NAT64 (64:ff9b::), discard
      "2001::/23",         // Teredo, ORCHID, benchmarks
      "2001:db8::/32",     // documentation
      "2002::/16",         // 6to4
      "3fff::/20",         // documentation
      "4000::/2",          // not assigned; segment routing (5f00::)
      "8000::/1",          // not assigned; fc00::, fe80::, fec0::, ff00::
  });
  return list;
}

}  // namespace

AddressRules::AddressRules(std::vector<Network> opened)
    : blocked_(not_public()), opened_(std::move(opened)) {}

AddressRules::AddressRules(std::vector<Network> blocked, std::vector<Network> opened)
    : blocked_(std::move(blocked)), opened_(std::move(opened)) {}

bool AddressRules::allows(const sockaddr& address) const {
  if (address.sa_family != AF_INET && address.sa_family != AF_INET6) return false;
  return any_contains(opened_, address) || !any_contains(blocked_, address);
}

}  // namespace chatpad::http

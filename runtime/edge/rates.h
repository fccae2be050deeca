// The rates that count a client's requests to all endpoints together, beside the rate of each
// endpoint (endpoint.h). CHATPAD_RATE_SCALE multiplies them; docs/limits.md tells clients of them.
//
// Static pages and other endpoints without a rate of their own are not counted anywhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace chatpad::edge {

struct RateClass {
  std::string_view name;  // also the `details` of a refusal
  uint32_t count;
  uint32_t window_s;
};

// Before credentials are looked at: an IPv4 address, or the /64 of an IPv6 address. Many people
// share one.
constexpr RateClass kAddressRate{"address", 3000, 10};
// Afterwards, whoever the request is from.
constexpr RateClass kVisitorRate{"visitor", 120, 10};
constexpr RateClass kUserRate{"user", 400, 10};
constexpr RateClass kKeyRate{"key", 600, 10};
// What the key's own row says, in a minute.
constexpr std::string_view kOwnKeyRate = "own_key";
// Visitors and API keys of one account together: what one account may ask of everybody's server.
constexpr RateClass kAccountRate{"account", 2000, 10};
// The rate of the endpoint itself.
constexpr std::string_view kEndpointRate = "endpoint";

}  // namespace chatpad::edge

#include "runtime/base/network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace chatpad {
namespace {

sockaddr_storage address_of(const std::string& text) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  }
  return storage;
}

bool contains(const char* network, const char* address) {
  const sockaddr_storage storage = address_of(address);
  return parse_network(network)->contains(reinterpret_cast<const sockaddr&>(storage));
}

TEST(NetworkTest, AnAddressIsInTheNetworksThatShareItsPrefix) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("100.64.0.0/10", "100.127.255.255"));
  EXPECT_FALSE(contains("100.64.0.0/10", "100.128.0.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.5"));
  EXPECT_TRUE(contains("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(contains("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(contains("fe80::/10", "febf::1"));
  EXPECT_FALSE(contains("fe80::/10", "fec0::1"));
  EXPECT_TRUE(contains("::1", "::1"));
}

TEST(NetworkTest, TheFamiliesAreKeptApart) {
  EXPECT_FALSE(contains("127.0.0.0/8", "::ffff:127.0.0.1"));
  EXPECT_FALSE(contains("::/0", "127.0.0.1"));
  EXPECT_TRUE(contains("::ffff:0:0/96", "::ffff:127.0.0.1"));
}

TEST(NetworkTest, WhatIsNotOneNetworkIsRefused) {
  for (const char* text : {"",
                           "/",
                           "10",
                           "10.0",
                           "010.0.0.0/8",
                           "0x0a.0.0.0/8",
                           "10.0.0.1/8",
                           "10.0.0.0/33",
                           "10.0.0.0/-1",
                           "10.0.0.0/",
                           "10.0.0.0/8 ",
                           " 10.0.0.0/8",
                           "10.0.0.0/8/8",
                           "localhost",
                           "example.com/8",
                           "::1/129",
                           "fe80::1%lo",
                           "[::1]",
                           "10.0.0.0,11.0.0.0",
                           "fe80::1/10"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(NetworkTest, AnyContainsAsksEveryNetwork) {
  const std::vector<Network> networks = {*parse_network("10.0.0.0/8"), *parse_network("fd00::/8")};
  const sockaddr_storage in = address_of("fd12::1");
  const sockaddr_storage out = address_of("192.168.0.1");
  EXPECT_TRUE(any_contains(networks, reinterpret_cast<const sockaddr&>(in)));
  EXPECT_FALSE(any_contains(networks, reinterpret_cast<const sockaddr&>(out)));
  EXPECT_FALSE(any_contains({}, reinterpret_cast<const sockaddr&>(in)));
}

}  // namespace
}  // namespace chatpad

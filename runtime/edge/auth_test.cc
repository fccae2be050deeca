#include "runtime/edge/auth.h"

#include <gtest/gtest.h>

#include "runtime/edge/dispatch.h"

namespace chatpad::edge {
namespace {

TEST(Credentials, come_from_the_bearer_first) {
  const auto both = credentials_of("Bearer a.b.c", "d.e.f");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->token, "a.b.c");
  EXPECT_TRUE(both->api_key.empty());
}

TEST(Credentials, of_an_api_key_count_in_either_header) {
  EXPECT_EQ(credentials_of("Bearer cp_live_x", "")->api_key, "cp_live_x");
  EXPECT_EQ(credentials_of("", "cp_live_x")->api_key, "cp_live_x");
  EXPECT_EQ(credentials_of("bearer cp_live_x", "a.b.c")->api_key, "cp_live_x");
}

TEST(Credentials, with_an_opaque_project_key_as_bearer_are_those_of_apikey) {
  EXPECT_EQ(credentials_of("Bearer sb_publishable_x", "a.b.c")->token, "a.b.c");
}

TEST(Credentials, that_are_absent_are_nobody) {
  const auto none = credentials_of("", "");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->token.empty());
  EXPECT_TRUE(none->api_key.empty());
}

TEST(Credentials, of_another_shape_are_refused) {
  for (const char* header : {"Basic dTpw", "Bearer", "Bearer ", "Bearer a b", "a.b.c"}) {
    const auto refused = credentials_of(header, "");
    ASSERT_FALSE(refused) << header;
    EXPECT_EQ(refused.error().errc, Errc::no_authorization) << header;
  }
  EXPECT_EQ(credentials_of("Bearer " + std::string(kCredentialBytesMax, 'a'), "").error().errc,
            Errc::bad_jwt);
}

TEST(ClientAddress, is_the_peer_unless_a_trusted_proxy_says_otherwise) {
  http::Request request;
  request.peer = "10.0.0.1";
  request.headers = {{"x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.2"}};
  Config config;
  EXPECT_EQ(client_address(request, config), "10.0.0.1");
  config.trusted_proxies = {"10.0.0.1", "10.0.0.2"};
  EXPECT_EQ(client_address(request, config), "203.0.113.9");
}

TEST(AddressPrefix, is_an_address_of_version_4_and_a_64_of_version_6) {
  EXPECT_EQ(address_prefix("203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(address_prefix("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2:");
  EXPECT_EQ(address_prefix("2001:db8:1:2:ffff::1"), address_prefix("2001:db8:1:2:3:4:5:6"));
}

}  // namespace
}  // namespace chatpad::edge

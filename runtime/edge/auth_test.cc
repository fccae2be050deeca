#include "runtime/edge/auth.h"

#include <gtest/gtest.h>

#include "runtime/edge/client_address.h"
#include "runtime/wire/crypto.h"

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

TEST(Credentials, with_a_project_key_as_bearer_are_those_of_apikey_which_is_the_same) {
  const std::string key = "sb_publishable_x";
  EXPECT_EQ(credentials_of("Bearer " + key, key)->token, key);
  EXPECT_EQ(credentials_of("", key)->token, key);
  EXPECT_EQ(credentials_of("Bearer a.b.c", key)->token, "a.b.c");
  for (const char* apikey : {"", "a.b.c", "sb_secret_x", "sb_publishable_y", "cp_live_x"}) {
    const auto refused = credentials_of("Bearer " + key, apikey);
    ASSERT_FALSE(refused) << apikey;
    EXPECT_EQ(refused.error().errc, Errc::invalid_api_key) << apikey;
  }
}

TEST(SecretKeys, are_refused_from_browsers) {
  Caller service;
  service.kind = CallerKind::service;
  const char* const browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36";
  EXPECT_EQ(refuse_in_browser(service, "sb_secret_x", browser).error().errc, Errc::invalid_api_key);
  EXPECT_TRUE(refuse_in_browser(service, "sb_secret_x", "node").ok());
  EXPECT_TRUE(refuse_in_browser(service, "sb_secret_x", "").ok());
  EXPECT_TRUE(refuse_in_browser(service, "a.b.c", browser).ok());
  EXPECT_TRUE(refuse_in_browser(Caller(), "sb_publishable_x", browser).ok());
}

TEST(KeyRing, knows_the_project_keys_it_was_given) {
  KeyRing ring(wire::JwtVerifier::create(std::string(40, 's')).or_raise());
  EXPECT_TRUE(ring.add_project_key(wire::sha256_hex("sb_publishable_x"), pg::Role::anon));
  EXPECT_TRUE(ring.add_project_key(wire::sha256_hex("sb_secret_x"), pg::Role::service_role));
  EXPECT_EQ(ring.project_caller("sb_publishable_x")->kind, CallerKind::anon);
  const auto service = ring.project_caller("sb_secret_x");
  EXPECT_EQ(service->kind, CallerKind::service);
  EXPECT_EQ(service->claims.role, pg::Role::service_role);
  for (const char* other : {"", "sb_secret_", "sb_secret_y", "sb_secret_x ", "SB_SECRET_X"}) {
    EXPECT_FALSE(ring.project_caller(other)) << other;
  }
  for (size_t i = 2; i < kProjectKeysMax; ++i) {
    EXPECT_TRUE(ring.add_project_key(std::to_string(i), pg::Role::anon));
  }
  EXPECT_FALSE(ring.add_project_key("one more", pg::Role::anon));
  EXPECT_EQ(ring.jwks(), R"({"keys":[]})");
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
  // Zeros may be left out anywhere.
  EXPECT_EQ(address_prefix("2001:db8::1"), "2001:db8:0:0:");
  EXPECT_EQ(address_prefix("2001:db8::1"), address_prefix("2001:db8::ffff:1:2:3"));
  EXPECT_EQ(address_prefix("2001:db8::1:2:3:4:5"), "2001:db8:0:1:");
  EXPECT_EQ(address_prefix("2001:0DB8:0001::9"), address_prefix("2001:db8:1::1"));
  EXPECT_EQ(address_prefix("::1"), "0:0:0:0:");
  EXPECT_EQ(address_prefix("::ffff:203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(address_prefix("not:an:address:at:all"), "not:an:address:at:all");
}

}  // namespace
}  // namespace chatpad::edge

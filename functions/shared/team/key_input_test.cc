#include "functions/shared/team/key_input.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

KeyInput read(std::string_view json) {
  return read_key(wire::Fields::parse(json).or_raise(), "expiresAt", "ratePerMin");
}

std::string refused(std::string_view json) {
  try {
    read(json);
  } catch (const Raised& raised) {
    return raised.error().details;
  }
  return "accepted";
}

TEST(KeyInput, takes_a_name_known_scopes_an_end_and_a_rate) {
  const KeyInput input =
      read(R"({"name":"Shop","scopes":["chat:write","leads:write"],"ratePerMin":60,)"
           R"("expiresAt":"2030-01-31T12:00:00+02:00"})");
  EXPECT_EQ(input.name, "Shop");
  EXPECT_EQ(input.scopes_json, R"(["chat:write","leads:write"])");
  EXPECT_EQ(input.expires_at, "2030-01-31T12:00:00+02:00");
  EXPECT_EQ(input.rate_per_min, 60);
}

TEST(KeyInput, refuses_scopes_outside_the_list) {
  for (const char* scopes : {"[]", "[\"*\"]", "[\"chat:write\",\"admin\"]", "[\"Chat:Write\"]"}) {
    EXPECT_EQ(refused("{\"name\":\"x\",\"scopes\":" + std::string(scopes) + "}"), "scopes");
  }
  EXPECT_EQ(refused(R"({"name":"x"})"), "scopes");
}

TEST(KeyInput, refuses_times_that_are_none) {
  for (const char* time :
       {"tomorrow", "infinity", "2030-01-31", "2030-01-31 12:00:00Z", "", "2030-01-31T12:00:00",
        "2030-01-31T12:00:00Z;", "2030-01-31T12:00:00.Z"}) {
    EXPECT_FALSE(is_time(time)) << time;
  }
  EXPECT_TRUE(is_time("2030-01-31T12:00:00.123456Z"));
  EXPECT_TRUE(is_time("2030-01-31T12:00:00-08:00"));
}

TEST(KeyInput, refuses_rates_out_of_range) {
  for (const char* rate : {"0", "-1", "1000001", "1.5", "\"60\""}) {
    EXPECT_EQ(refused("{\"name\":\"x\",\"scopes\":[\"chat:write\"],\"ratePerMin\":" +
                      std::string(rate) + "}"),
              "ratePerMin");
  }
}

}  // namespace
}  // namespace chatpad::functions

#include "realtime/protocol/join.h"

#include <gtest/gtest.h>

#include "realtime/protocol/json_slice.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

TEST(RealtimeJoin, ReadsWhatSupabaseJsSends) {
  const auto join = parse_join(
      R"({"config":{"broadcast":{"ack":true,"self":true,
          "replay":{"since":1790000000000,"limit":10}},
          "presence":{"key":"me","enabled":true},"postgres_changes":[],"private":true},
          "access_token":"a.b.c","version":"realtime-js/2.119.0"})");
  ASSERT_TRUE(join);
  EXPECT_EQ(join->ack, Switch::on);
  EXPECT_EQ(join->self, Switch::on);
  EXPECT_EQ(join->presence, Switch::on);
  EXPECT_EQ(join->presence_key, "me");
  EXPECT_EQ(join->privacy, Privacy::restricted);
  EXPECT_EQ(join->replay->since_ms, 1790000000000);
  EXPECT_EQ(join->replay->limit, 10);
  EXPECT_EQ(join->access_token, "a.b.c");
}

TEST(RealtimeJoin, IsLenient) {
  const auto join = parse_join(
      R"({"config":{"broadcast":{"ack":"true","self":"yes"},"presence":7,"private":"false",
          "postgres_changes":"none"},"user_token":"old.style.token"})");
  ASSERT_TRUE(join);
  EXPECT_EQ(join->ack, Switch::on);
  EXPECT_EQ(join->self, Switch::off);
  EXPECT_EQ(join->privacy, Privacy::open);
  EXPECT_EQ(join->access_token, "old.style.token");
  const auto empty = parse_join("{}");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->privacy, Privacy::open);
  EXPECT_EQ(parse_join(R"({"access_token":null})")->access_token, "");
  EXPECT_EQ(parse_join(R"({"access_token":"sb_publishable_x"})")->access_token, "");
}

TEST(RealtimeJoin, PresenceIsOnForClientsThatDoNotKnowTheSwitch) {
  const auto presence = [](const std::string& config) {
    return parse_join("{\"config\":{\"presence\":" + config + "}}")->presence;
  };
  EXPECT_EQ(presence(R"({"key":""})"), Switch::on);
  EXPECT_EQ(presence(R"({"key":"k","enabled":"true"})"), Switch::on);
  EXPECT_EQ(presence(R"({"key":"k","enabled":false})"), Switch::off);
  EXPECT_EQ(presence("null"), Switch::off);
  EXPECT_EQ(parse_join(R"({"config":{}})")->presence, Switch::off);
}

TEST(RealtimeJoin, EchoesChangesInOrderWithIds) {
  const auto join = parse_join(
      R"({"config":{"postgres_changes":[
          {"event":"*","schema":"public","table":"chat","filter":"a=eq.7"},
          {"event":"INSERT","schema":"public","id":3},{"event":"INSERT","schema":"public"}]}})");
  ASSERT_TRUE(join);
  ASSERT_EQ(join->changes.size(), 3u);
  EXPECT_EQ(join->changes[0].filter, "a=eq.7");
  EXPECT_GT(join->changes[0].id, 0);
  EXPECT_EQ(join->changes[1].id, join->changes[2].id);
  EXPECT_NE(join->changes[0].id, join->changes[1].id);
  const std::string id = std::to_string(join->changes[0].id);
  EXPECT_EQ(join->changes[0].echo,
            R"({"event":"*","schema":"public","table":"chat","filter":"a=eq.7","id":)" + id + "}");
}

TEST(RealtimeJoin, EchoesKeysWithEscapesAsJson) {
  const auto join =
      parse_join(R"({"config":{"postgres_changes":[{"a\nb\u0000":1,"\"\\":2,"\u0063":3}]}})");
  ASSERT_TRUE(join);
  const std::string response = join_response_json(join->changes);
  EXPECT_TRUE(wire::check_json(response)) << response;
  EXPECT_TRUE(join->changes[0].echo.starts_with(R"({"a\nb\u0000":1,"\"\\":2,"c":3,"id":)"))
      << response;
}

TEST(RealtimeJoin, RefusesMoreChangesThanTheLimit) {
  std::string list;
  for (size_t i = 0; i <= kChangesPerJoinMax; ++i) list += i ? ",{}" : "{}";
  EXPECT_FALSE(parse_join(R"({"config":{"postgres_changes":[)" + list + "]}}"));
}

TEST(RealtimeJoin, MarksAMalformedReplay) {
  for (const char* replay : {R"("now")", R"({"since":-1})", R"({"since":1,"limit":26})",
                             R"({"since":1.5})", R"({"limit":3})"}) {
    const auto join =
        parse_join(std::string(R"({"config":{"broadcast":{"replay":)") + replay + "}}}");
    EXPECT_TRUE(join->replay_malformed) << replay;
  }
}

TEST(RealtimeJoin, TopicsNeedTheirPrefix) {
  EXPECT_EQ(topic_name("realtime:a"), "a");
  EXPECT_EQ(topic_name("realtime:"), "");
  EXPECT_FALSE(topic_name("phoenix"));
}

TEST(JsonSlice, UndoesEscapes) {
  EXPECT_EQ(json_text(R"("a\n\u00e9\ud83d\ude00\/\"")"), "a\n\xc3\xa9\xf0\x9f\x98\x80/\"");
  EXPECT_FALSE(json_text("7"));
}

TEST(JsonSlice, FindsMembersBehindBlanks) {
  EXPECT_EQ(json_member(" \r\n\t{ \"a\" : [1] } ", "a"), "[1]");
  EXPECT_EQ(json_member(" [1]", "a"), "");
  EXPECT_EQ(json_member(" ", "a"), "");
  EXPECT_EQ(parse_join("\n{\"config\":{\"private\":true}}")->privacy, Privacy::restricted);
}

TEST(JsonSlice, WalksNestedContainers) {
  JsonItems items(R"( { "a" : { "b" : "}" } , "c" : [ 1 , [ 2 ] ] , "d":-1.5e3 } )");
  ASSERT_TRUE(items.next());
  EXPECT_EQ(items.key(), "a");
  EXPECT_EQ(items.value(), R"({ "b" : "}" })");
  ASSERT_TRUE(items.next());
  EXPECT_EQ(items.value(), "[ 1 , [ 2 ] ]");
  ASSERT_TRUE(items.next());
  EXPECT_EQ(items.key(), "d");
  EXPECT_EQ(items.value(), "-1.5e3");
  EXPECT_FALSE(items.next());
  EXPECT_FALSE(JsonItems("[]").next());
  EXPECT_FALSE(JsonItems("7").next());
}

TEST(RealtimeJoin, ReadsACursorOrRefusesIt) {
  const auto parse = [](const std::string& recover) {
    return *parse_join(R"({"config":{"broadcast":{"recover":)" + recover + "}}}");
  };
  EXPECT_FALSE(parse("null").recover);
  EXPECT_EQ(parse(R"({"seq":0})").recover->seq, 0);
  EXPECT_EQ(parse(R"({"horizon":"1.2.3","seq":null})").recover->horizon, "1.2.3");
  const JoinRequest first = parse("{}");
  EXPECT_TRUE(first.recover && !first.recover->seq && first.recover->horizon.empty());
  for (const char* bad :
       {"7", "[]", R"("x")", R"({"seq":-1})", R"({"seq":"1"})", R"({"seq":1.5})",
        R"({"seq":99999999999999999999})", R"({"horizon":""})", R"({"horizon":7})"}) {
    EXPECT_TRUE(parse(bad).recover_malformed) << bad;
    EXPECT_FALSE(parse(bad).recover) << bad;
  }
  EXPECT_TRUE(
      parse("{\"horizon\":\"" + std::string(kHorizonBytesMax + 1, '1') + "\"}").recover_malformed);
}

}  // namespace
}  // namespace chatpad::realtime

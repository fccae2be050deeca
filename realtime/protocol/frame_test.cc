#include "realtime/protocol/frame.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "realtime/protocol/codes.h"
#include "realtime/protocol/join.h"

namespace chatpad::realtime {
namespace {

std::string unhex(std::string_view text) {
  std::string out;
  std::string digits;
  for (const char c : text) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) continue;
    digits += c;
    if (digits.size() < 2) continue;
    out += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return out;
}

std::map<std::string, std::string> load_golden() {
  const auto path = std::filesystem::path(CHATPAD_SOURCE_DIR) / "tests/golden/realtime/frames.tsv";
  std::ifstream file(path);
  std::map<std::string, std::string> cases;
  std::string line;
  while (std::getline(file, line)) {
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first + 1);
    const std::string form = line.substr(first + 1, second - first - 1);
    const std::string bytes = line.substr(second + 1);
    cases[line.substr(0, first)] = form == "hex" ? unhex(bytes) : bytes;
  }
  return cases;
}

const std::string& golden(const std::string& name) {
  static const auto cases = load_golden();
  const auto found = cases.find(name);
  EXPECT_NE(found, cases.end()) << "no golden case " << name;
  static const std::string none;
  return found == cases.end() ? none : found->second;
}

std::string broadcast(Vsn vsn, std::string_view payload, Encoding encoding, std::string_view meta) {
  BroadcastOut out;
  out.topic = "realtime:r";
  out.event = "hi";
  out.payload = payload;
  out.encoding = encoding;
  out.meta = meta;
  std::string bytes;
  encode_broadcast(vsn, bytes, out);
  return bytes;
}

TEST(RealtimeFrame, EncodesTheGoldenTextFrames) {
  std::string out;
  encode_reply(Vsn::v2, out, "\"1\"", "\"1\"", "realtime:room-7", ReplyStatus::ok,
               join_response_json({}));
  EXPECT_EQ(out, golden("join_ok_v2"));
  out.clear();
  encode_reply(Vsn::v2, out, "null", "\"2\"", "phoenix", ReplyStatus::ok, "{}");
  EXPECT_EQ(out, golden("heartbeat_ok_v2"));
  out.clear();
  encode_reply(Vsn::v1, out, "null", "\"2\"", "phoenix", ReplyStatus::ok, "{}");
  EXPECT_EQ(out, golden("heartbeat_ok_v1"));
  out.clear();
  encode_reply(Vsn::v2, out, "\"4\"", "\"9\"", "realtime:x", ReplyStatus::error,
               reason_json("unmatched topic"));
  EXPECT_EQ(out, golden("unmatched_v2"));
  out.clear();
  encode_message(Vsn::v2, out, "\"1\"", "\"1\"", "realtime:room-7", "phx_close", "{}");
  EXPECT_EQ(out, golden("close_v2"));
  out.clear();
  encode_message(Vsn::v2, out, "\"1\"", "null", "realtime:room-7", "system",
                 system_json("system", ReplyStatus::error, "Token has expired", "room-7"));
  EXPECT_EQ(out, golden("system_v2"));
  out.clear();
  encode_message(Vsn::v2, out, "\"1\"", "null", "realtime:room-7", "presence_state", "{}");
  EXPECT_EQ(out, golden("presence_state_v2"));
}

TEST(RealtimeFrame, EncodesTheGoldenBroadcasts) {
  EXPECT_EQ(broadcast(Vsn::v1, R"({"a":1})", Encoding::json, ""), golden("broadcast_v1"));
  EXPECT_EQ(broadcast(Vsn::v1, R"({"a":1})", Encoding::json, R"({"id":"7"})"),
            golden("broadcast_v1_meta"));
  EXPECT_EQ(broadcast(Vsn::v2, R"({"a":1})", Encoding::json, ""), golden("broadcast_v2"));
  EXPECT_EQ(broadcast(Vsn::v2, R"({"a":1})", Encoding::json, R"({"id":"7"})"),
            golden("broadcast_v2_meta"));
  EXPECT_EQ(broadcast(Vsn::v2, std::string_view("\x00\xff\x10", 3), Encoding::raw, ""),
            golden("broadcast_v2_raw"));
  EXPECT_EQ(close_frame(Close::slow_reader), golden("close_1013"));
}

TEST(RealtimeFrame, ABroadcastTooLongForOneLengthByteGoesAsText) {
  const std::string meta = R"({"x":")" + std::string(300, 'a') + R"("})";
  const std::string out = broadcast(Vsn::v2, "{}", Encoding::json, meta);
  EXPECT_EQ(out.substr(0, 12), R"([null,null,")");
  BroadcastOut raw;
  raw.topic = "realtime:r";
  raw.encoding = Encoding::raw;
  EXPECT_FALSE(can_encode(Vsn::v1, raw));
  EXPECT_TRUE(can_encode(Vsn::v2, raw));
}

TEST(RealtimeFrame, DecodesTheGoldenBinaryPush) {
  Inbound in;
  ASSERT_TRUE(decode_binary(golden("push_v2"), in));
  EXPECT_EQ(in.join_ref, "\"1\"");
  EXPECT_EQ(in.ref, "\"2\"");
  EXPECT_EQ(in.topic, "realtime:r");
  EXPECT_EQ(in.event, "broadcast");
  EXPECT_EQ(in.user_event, "hi");
  EXPECT_EQ(in.payload, R"({"a":1})");
  EXPECT_EQ(in.encoding, Encoding::json);
}

TEST(RealtimeFrame, DecodesBothTextVersions) {
  Inbound v2;
  ASSERT_TRUE(
      decode_text(Vsn::v2, R"( [ "1" , null,"realtime:a\u0062","phx_join", {"x":[1,"]"]} ])", v2));
  EXPECT_EQ(v2.join_ref, "\"1\"");
  EXPECT_EQ(v2.ref, "null");
  EXPECT_EQ(v2.topic, "realtime:ab");
  EXPECT_EQ(v2.event, "phx_join");
  EXPECT_EQ(v2.payload, R"({"x":[1,"]"]})");
  Inbound v1;
  ASSERT_TRUE(decode_text(
      Vsn::v1, R"({"topic":"phoenix","event":"heartbeat","payload":{},"ref":"7","join_ref":null})",
      v1));
  EXPECT_EQ(v1.topic, "phoenix");
  EXPECT_EQ(v1.ref, "\"7\"");
  Inbound bare;
  ASSERT_TRUE(decode_text(Vsn::v1, R"({"topic":"phoenix","event":"heartbeat"})", bare));
  EXPECT_EQ(bare.payload, "{}");
}

TEST(RealtimeFrame, RefusesWhatIsNoFrame) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", "[1,2,3]", R"(["1","1","t","e"])", R"(["1","1","t","e",{},1])",
        R"(["1","1",7,"e",{}])", R"(["1","1","t",{},{}])", R"(["1","1","t","e",[]])",
        R"(["1",{},"t","e",{}])", R"(["1","1","","e",{}])", R"(["1","1","t","e",{}]x)",
        "[\"1\",\"1\",\"\xff\",\"e\",{}]"}) {
    Inbound in;
    EXPECT_FALSE(decode_text(Vsn::v2, text, in)) << text;
  }
  Inbound deep;
  EXPECT_FALSE(decode_text(Vsn::v2, std::string(100000, '['), deep));
  Inbound v1;
  EXPECT_FALSE(decode_text(Vsn::v1, R"(["1","1","t","e",{}])", v1));
}

TEST(RealtimeFrame, RefusesFieldsOverTheirLimits) {
  const std::string ref(kRefBytesMax + 1, '1');
  Inbound a;
  EXPECT_FALSE(decode_text(Vsn::v2, "[null,\"" + ref + "\",\"t\",\"e\",{}]", a));
  Inbound b;
  EXPECT_FALSE(decode_text(
      Vsn::v2, "[null,null,\"" + std::string(kTopicBytesMax + 1, 't') + "\",\"e\",{}]", b));
  Inbound c;
  EXPECT_FALSE(decode_text(Vsn::v2, std::string(kFrameBytesMax + 1, ' '), c));
}

TEST(RealtimeFrame, EveryTruncationOfABinaryPushIsRefusedOrShort) {
  const std::string whole = golden("push_v2");
  for (size_t size = 0; size < whole.size() - 7; ++size) {
    Inbound in;
    EXPECT_FALSE(decode_binary(whole.substr(0, size), in)) << size;
  }
  std::string wrong = whole;
  wrong[0] = 0;
  Inbound kind;
  EXPECT_FALSE(decode_binary(wrong, kind));
  wrong = whole;
  wrong[6] = 2;
  Inbound encoding;
  EXPECT_FALSE(decode_binary(wrong, encoding));
  wrong = whole;
  wrong[9] = '\xff';
  Inbound topic;
  EXPECT_FALSE(decode_binary(wrong, topic));
  wrong = whole;
  wrong.back() = '{';
  Inbound payload;
  EXPECT_FALSE(decode_binary(wrong, payload));
}

TEST(RealtimeFrame, MetadataOfABinaryPushIsAnObjectOrNothing) {
  const auto push = [](std::string_view metadata) {
    return std::string("\x03\0\0\x01\x01", 5) + static_cast<char>(metadata.size()) + "\x01te" +
           std::string(metadata) + "{}";
  };
  for (const std::string_view good : {"", "{}", R"({"id":"7"})", " {} "}) {
    Inbound in;
    EXPECT_TRUE(decode_binary(push(good), in)) << good;
  }
  for (const std::string_view bad : {"7", "null", R"("{}")", "[]", "{", " "}) {
    Inbound in;
    EXPECT_FALSE(decode_binary(push(bad), in)) << bad;
  }
}

TEST(RealtimeFrame, ATextBroadcastIsTakenApart) {
  const auto push = parse_broadcast(R"({"type":"broadcast","event":"a\"b","payload":{"x":[{}]}})");
  ASSERT_TRUE(push);
  EXPECT_EQ(push->event, "a\"b");
  EXPECT_EQ(push->payload, R"({"x":[{}]})");
  EXPECT_FALSE(parse_broadcast(R"({"type":"broadcast","payload":{}})"));
  EXPECT_EQ(parse_broadcast(R"({"event":"e"})")->payload, "{}");
}

TEST(RealtimeFrame, EveryReasonFitsAControlFrame) {
  for (const CloseInfo& row : close_table()) EXPECT_LE(row.reason.size(), 123u);
}

}  // namespace
}  // namespace chatpad::realtime

#include "realtime/bus/bus_frame.h"

#include <gtest/gtest.h>

#include "realtime/bus/bus_nodes.h"
#include "realtime/bus/limits.h"
#include "runtime/wire/crypto.h"

namespace chatpad::realtime {
namespace {

const std::string kKey(32, 'k');

Message some_message() {
  Message message;
  message.topic = "room: ü";
  message.privacy = Privacy::open;
  message.event = "hello";
  message.payload = std::string("\0\xff raw", 6);
  message.encoding = Encoding::raw;
  message.meta = "{\"id\":1}";
  return message;
}

SharedPresence some_presence(const std::string& ref) {
  auto made = std::make_shared<Presence>();
  made->node = 77;
  made->privacy = Privacy::restricted;
  made->topic = "team";
  made->key = "ann";
  made->ref = ref;
  made->prev = "r0";
  made->payload = "{\"mood\":\"well\"}";
  return made;
}

PresenceNews some_news() {
  PresenceNews news;
  news.kind = PresenceNews::Kind::delta;
  news.from = 77;
  news.to = 78;
  news.number = 5;
  news.joins = {some_presence("r1"), some_presence("r2")};
  news.leaves = {some_presence("r3")};
  return news;
}

// A packet with one item of these bytes, sealed as a member of the deployment would.
std::string sealed_item(uint8_t kind, std::string_view content) {
  std::string body(24, '\0');
  body += static_cast<char>(kind);
  for (int i = 0; i < 4; ++i) body += static_cast<char>(content.size() >> (8 * i));
  body += content;
  const wire::Digest tag = wire::hmac_sha256(kKey, body);
  return "CPB1" + std::string(wire::bytes_of(tag)) + body;
}

TEST(BusFrame, what_goes_in_comes_out_in_order) {
  PacketWriter writer;
  const RateNews rates = {{1, 2, 3}, {UINT64_MAX, UINT64_MAX, UINT32_MAX}};
  EXPECT_TRUE(writer.add(some_message()));
  EXPECT_TRUE(writer.add(some_news()));
  EXPECT_TRUE(writer.add(rates));
  EXPECT_EQ(writer.items(), 3u);
  const std::string bytes = writer.seal(kKey, 9, 10, -11);
  EXPECT_EQ(writer.items(), 0u);

  const std::optional<Packet> packet = open_packet(kKey, bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->node, 9u);
  EXPECT_EQ(packet->number, 10u);
  EXPECT_EQ(packet->wall_ms, -11);
  ASSERT_EQ(packet->items.size(), 3u);
  const Message& message = *std::get<SharedMessage>(packet->items[0]);
  EXPECT_EQ(message.topic, "room: ü");
  EXPECT_EQ(message.privacy, Privacy::open);
  EXPECT_EQ(message.event, "hello");
  EXPECT_EQ(message.payload, std::string("\0\xff raw", 6));
  EXPECT_EQ(message.encoding, Encoding::raw);
  EXPECT_EQ(message.meta, "{\"id\":1}");
  const PresenceNews& news = *std::get<SharedNews>(packet->items[1]);
  EXPECT_EQ(news.kind, PresenceNews::Kind::delta);
  EXPECT_EQ(news.to, 78u);
  ASSERT_EQ(news.joins.size(), 2u);
  EXPECT_EQ(news.joins[1]->ref, "r2");
  EXPECT_EQ(news.leaves[0]->payload, "{\"mood\":\"well\"}");
  EXPECT_EQ(news.leaves[0]->privacy, Privacy::restricted);
  const RateNews& told = std::get<RateNews>(packet->items[2]);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].key, UINT64_MAX);
  EXPECT_EQ(told[0].window_s, 3u);
}

TEST(BusFrame, an_empty_packet_is_a_sign_of_life) {
  PacketWriter writer;
  const std::optional<Packet> packet = open_packet(kKey, writer.seal(kKey, 1, 2, 3));
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->items.empty());
}

TEST(BusFrame, nothing_opens_that_was_changed_cut_or_sealed_with_another_key) {
  PacketWriter writer;
  writer.add(some_message());
  writer.add(some_news());
  const std::string good = writer.seal(kKey, 1, 2, 3);
  EXPECT_FALSE(open_packet(std::string(32, 'x'), good));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    EXPECT_FALSE(open_packet(kKey, changed)) << i;
    EXPECT_FALSE(open_packet(kKey, std::string_view(good).substr(0, i))) << i;
  }
  EXPECT_FALSE(open_packet(kKey, good + "x"));
}

TEST(BusFrame, sealed_nonsense_is_refused_whole) {
  const std::string huge("\xff\xff\xff\xff", 4);
  const std::string numbers(25, '\0');
  EXPECT_FALSE(open_packet(kKey, sealed_item(1, "")));
  EXPECT_FALSE(open_packet(kKey, sealed_item(1, "\x02")));  // a third privacy
  EXPECT_FALSE(open_packet(kKey, sealed_item(1, std::string(2, '\0') + huge)));
  EXPECT_FALSE(open_packet(kKey, sealed_item(2, "\x09" + numbers)));  // a kind of news
  EXPECT_FALSE(open_packet(kKey, sealed_item(2, numbers + huge)));    // 2^32 presences
  EXPECT_FALSE(open_packet(kKey, sealed_item(3, huge)));
  EXPECT_FALSE(open_packet(kKey, sealed_item(3, std::string(4, '\0') + "more")));
}

TEST(BusFrame, items_of_a_newer_program_are_skipped) {
  const std::optional<Packet> packet = open_packet(kKey, sealed_item(200, "anything"));
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->items.empty());
}

TEST(BusFrame, an_item_over_the_limit_is_left_out) {
  PacketWriter writer;
  Message message = some_message();
  message.payload.assign(kPacketItemBytesMax + 1, 'x');
  EXPECT_FALSE(writer.add(message));
  EXPECT_TRUE(writer.add(some_news()));
  EXPECT_EQ(open_packet(kKey, writer.seal(kKey, 1, 2, 3))->items.size(), 1u);
}

TEST(BusNodes, takes_each_packet_once_and_none_of_its_own) {
  BusNodes nodes(1);
  EXPECT_EQ(nodes.judge(1, 1, 0, 0), PacketVerdict::own);
  EXPECT_EQ(nodes.judge(2, 5, 0, 0), PacketVerdict::take);
  EXPECT_EQ(nodes.judge(2, 5, 0, 0), PacketVerdict::repeated);
  EXPECT_EQ(nodes.judge(2, 4, 0, 0), PacketVerdict::repeated);
  EXPECT_EQ(nodes.judge(2, 9, 0, 0), PacketVerdict::take);
  EXPECT_EQ(nodes.judge(3, 1, 0, 0), PacketVerdict::take);
  EXPECT_EQ(nodes.heard_within(1000, 0), 2u);
  EXPECT_EQ(nodes.heard_within(1000, 1001), 0u);
}

TEST(BusNodes, refuses_what_is_too_old_or_from_the_future) {
  BusNodes nodes(1);
  const int64_t now = 10 * kPacketAgeMs;
  EXPECT_EQ(nodes.judge(2, 1, now - kPacketAgeMs - 1, now), PacketVerdict::untimely);
  EXPECT_EQ(nodes.judge(2, 1, now + kPacketAgeMs + 1, now), PacketVerdict::untimely);
  EXPECT_EQ(nodes.judge(2, 1, now - kPacketAgeMs, now), PacketVerdict::take);
}

TEST(BusNodes, forgets_a_node_only_when_nothing_it_said_would_be_taken_again) {
  BusNodes nodes(1);
  for (uint64_t node = 2; node < 2 + kRemoteNodesMax; ++node) {
    EXPECT_EQ(nodes.judge(node, 1, 0, 0), PacketVerdict::take);
  }
  EXPECT_EQ(nodes.judge(9999, 1, 0, 0), PacketVerdict::too_many);
  const int64_t later = 2 * kPacketAgeMs + 1;
  EXPECT_EQ(nodes.judge(9999, 1, later, later), PacketVerdict::take);
  EXPECT_EQ(nodes.judge(2, 1, 0, later), PacketVerdict::untimely);
}

}  // namespace
}  // namespace chatpad::realtime

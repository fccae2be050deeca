#include "functions/shared/realtime/http_broadcast.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

edge::Broadcast said(std::string topic, std::string event, std::string payload = "{}") {
  edge::Broadcast message;
  message.topic = std::move(topic);
  message.event = std::move(event);
  message.payload = std::move(payload);
  return message;
}

Errc refusal(edge::Broadcast message) {
  const Result<edge::Broadcast> checked = checked_broadcast(edge::Caller(), std::move(message));
  EXPECT_FALSE(checked.ok());
  return checked ? Errc::internal : checked.error().errc;
}

TEST(HttpBroadcast, OrdinaryTopicsPassUnchanged) {
  const auto checked = checked_broadcast(edge::Caller(), said("room", "x", "[1]"));
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->payload, "[1]");
  auto bytes = said("room", "x", std::string("\0\xff", 2));
  bytes.encoding = edge::Broadcast::Encoding::bytes;
  const auto raw = checked_broadcast(edge::Caller(), bytes);
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(raw->payload, bytes.payload);
  EXPECT_EQ(raw->encoding, edge::Broadcast::Encoding::bytes);
}

TEST(HttpBroadcast, OurTopicsAndEventsAreRefusedAsOnSockets) {
  EXPECT_EQ(refusal(said("room", "message.created")), Errc::forbidden);
  EXPECT_EQ(refusal(said("conversation:x", "hello")), Errc::forbidden);
  EXPECT_EQ(refusal(said("account:x", "typing")), Errc::forbidden);
  edge::Caller visitor;
  visitor.kind = edge::CallerKind::visitor;
  const auto typing = checked_broadcast(visitor, said("conversation:x", "typing", "{\"who\":7}"));
  ASSERT_TRUE(typing.ok());
  EXPECT_EQ(typing->payload, R"({"who":"visitor","active":true})");
}

TEST(HttpBroadcast, NamesAndPayloadsHaveLimits) {
  EXPECT_EQ(refusal(said("", "x")), Errc::validation_failed);
  EXPECT_EQ(refusal(said("room", "")), Errc::validation_failed);
  EXPECT_EQ(refusal(said(std::string(kBroadcastTopicBytesMax + 1, 't'), "x")),
            Errc::validation_failed);
  EXPECT_EQ(refusal(said("room", std::string(kBroadcastEventBytesMax + 1, 'e'))),
            Errc::validation_failed);
  EXPECT_EQ(refusal(said("room", "x", std::string(kBroadcastPayloadBytesMax + 1, '1'))),
            Errc::payload_too_large);
}

}  // namespace
}  // namespace chatpad::functions

#include "realtime/hub/bus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

using testing::Client;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kind4;

const char* const kPrivate = R"({"private":true})";

TEST(BusTest, CarriesClientBroadcastsAndPublishedEventsToOtherHubs) {
  Loop one(0), two(1);
  HubOptions options;
  options.feed = FeedState::not_required;
  Hub first(one, options), second(two, options);
  Bus bus;
  bus.add(first);
  bus.add(second);
  {
    Client a(first), b(second);
    a.join("room");
    b.join("room");
    a.take(), b.take();
    a.push("room", "hi", "{}");
    first.flush();
    uv_run(two.raw(), UV_RUN_NOWAIT);
    EXPECT_THAT(b.take(), ElementsAre(kind4("realtime:room", "hi", "{}")));
    EXPECT_THAT(a.take(), IsEmpty());
    HubPublisher(first, bus).publish("room", "typing", "{}");
    first.flush();
    uv_run(two.raw(), UV_RUN_NOWAIT);
    EXPECT_THAT(b.take(), IsEmpty()) << "published events are for private rooms";
    edge::Broadcast said;
    said.topic = "room";
    said.event = "said";
    said.payload = R"({"n":1})";
    HubPublisher(first, bus).broadcast(said);
    first.flush();
    uv_run(two.raw(), UV_RUN_NOWAIT);
    for (Client* one : {&a, &b}) {
      EXPECT_THAT(one->take(), ElementsAre(kind4("realtime:room", "said", R"({"n":1})")));
    }
    said.room = edge::Broadcast::Room::restricted;
    HubPublisher(first, bus).broadcast(said);
    first.flush();
    uv_run(two.raw(), UV_RUN_NOWAIT);
    EXPECT_THAT(b.take(), IsEmpty()) << "the private room is another one";
    EXPECT_EQ(bus.dropped(), 0u);
  }
}

TEST(BusTest, TakesABurstToOtherHubsAtOnceAtTheEndOfTheTurn) {
  Loop one(0), two(1);
  HubOptions options;
  options.feed = FeedState::not_required;
  Hub first(one, options), second(two, options);
  Bus bus;
  bus.add(first);
  bus.add(second);
  Client a(first), b(second);
  a.join("room");
  b.join("room");
  a.take(), b.take();
  const uint64_t writes = second.stats().writes;
  for (int i = 0; i < 3; ++i) {
    a.push("room", "hi", std::to_string(i));
    uv_run(two.raw(), UV_RUN_NOWAIT);
  }
  EXPECT_THAT(b.take(), IsEmpty()) << "the turn has not ended";
  first.flush();
  uv_run(two.raw(), UV_RUN_NOWAIT);
  EXPECT_THAT(b.take(),
              ElementsAre(kind4("realtime:room", "hi", "0"), kind4("realtime:room", "hi", "1"),
                          kind4("realtime:room", "hi", "2")));
  EXPECT_EQ(second.stats().writes, writes + 1);
}

TEST(BusTest, KnowsWhenNobodyHears) {
  Loop loop;
  testing::FakeVerifier verifier;
  testing::FakeRights rights;
  rights.known = {{"member", Rights::all()}};
  HubOptions options;
  options.feed = FeedState::not_required;
  options.verifier = &verifier;
  options.rights = &rights;
  Hub hub(loop, options);
  Bus bus;
  bus.add(hub);
  const HubPublisher publisher(hub, bus);
  EXPECT_FALSE(publisher.may_hear("room"));
  {
    Client open(hub);
    open.join("room");
    EXPECT_FALSE(publisher.may_hear("room")) << "events are published to the private room";
    Client a(hub), b(hub);
    a.join("room", kPrivate, "member|60");
    b.join("room", kPrivate, "member|60");
    EXPECT_TRUE(publisher.may_hear("room"));
    EXPECT_FALSE(publisher.may_hear("another"));
    a.text(R"(["1",null,"realtime:room","phx_leave",{}])");
    EXPECT_TRUE(publisher.may_hear("room")) << "the other one is there";
  }
  EXPECT_FALSE(publisher.may_hear("room"));
}

}  // namespace
}  // namespace chatpad::realtime

#include "realtime/hub/account_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "realtime/hub/bus.h"
#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAccountA = "a0000000-0000-4000-8000-000000000001";
constexpr const char* kAccountB = "b0000000-0000-4000-8000-000000000001";

Uuid uuid(std::string_view text) { return *Uuid::parse(text); }

AccountRates small() {
  AccountRates rates;
  rates.clients_max = 2;
  rates.channels_max = 3;
  rates.joins_per_s = 10;
  rates.events_per_s = 5;
  rates.bytes_per_s = 1000;
  rates.presence_per_s = 2;
  rates.payload_bytes_max = 2000;
  return rates;
}

TEST(SharedRate, GivesTwoSecondsAtOnceAndThenOnlyWhatTimeBrings) {
  SharedRate rate;
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += rate.take(1, 10, 1000) ? 1 : 0;
  EXPECT_EQ(taken, 20);
  EXPECT_FALSE(rate.has_room(1000));
  taken = 0;
  for (int i = 0; i < 100; ++i) taken += rate.take(1, 10, 1500) ? 1 : 0;
  EXPECT_EQ(taken, 5);
}

TEST(SharedRate, OneMessageOfAnySizePassesAndIsPaidForBehind) {
  SharedRate rate;
  EXPECT_TRUE(rate.take(1e6, 1000, 5000)) << "otherwise it could never be sent";
  EXPECT_FALSE(rate.take(1, 1000, 6000));
  EXPECT_FALSE(rate.take(1, 0, 1)) << "a rate of nothing lets nothing pass";
  SharedRate endless;
  EXPECT_TRUE(endless.take(1e300, 1e-300, 1));
  EXPECT_FALSE(endless.take(1, 1, 1000));
}

TEST(SharedRate, ThreadsTogetherTakeNoMoreThanThereIs) {
  SharedRate rate;
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) taken += rate.take(1, 500, 77'000) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), 1000);
}

TEST(AccountLimits, TheRowCountsAndWhatItLeavesOutIsTheDefault) {
  AccountLimits limits(small(), 1);
  const AccountRef a =
      limits.of(uuid(kAccountA), R"({"enabled":true,"clients_max":null,"events_per_s":9})");
  EXPECT_EQ(a->rates().clients_max, 2);
  EXPECT_EQ(a->rates().events_per_s, 9);
  for (const char* nonsense :
       {"", "null", "[]", R"({"events_per_s":-1})", R"({"events_per_s":"9"})",
        R"({"events_per_s":1e3})", R"({"events_per_s":99999999999999999999})"}) {
    EXPECT_EQ(limits.of(uuid(kAccountA), nonsense), a);
    EXPECT_EQ(a->rates().events_per_s, 5) << nonsense;
    EXPECT_TRUE(a->rates().enabled);
  }
}

TEST(AccountLimits, AChangeIsHeardAtOnceAndOnlyFromItsOwnTopic) {
  AccountLimits limits(small(), 1);
  const AccountRef a = limits.of(uuid(kAccountA), "{}");
  const std::string topic = std::string("account:") + kAccountA;
  limits.hear("conversation:" + std::string(kAccountA), "limits.updated",
              R"({"limits":{"enabled":false}})");
  limits.hear(topic, "message.created", R"({"limits":{"enabled":false}})");
  limits.hear("account:", "limits.updated", R"({"limits":{"enabled":false}})");
  EXPECT_TRUE(a->rates().enabled);
  limits.hear(topic, "limits.updated", R"({"limits":{"enabled":false,"joins_per_s":1}})");
  EXPECT_FALSE(a->rates().enabled);
  EXPECT_EQ(a->rates().joins_per_s, 1);
  limits.hear(topic, "limits.updated", R"({"limits":{}})");
  EXPECT_EQ(a->rates().joins_per_s, 10) << "without a row the defaults count";
  limits.hear(std::string("account:") + kAccountB, "limits.updated", "{}");
  EXPECT_EQ(limits.size(), 1u) << "an account nobody is connected to is left alone";
}

TEST(AccountLimits, PlacesAreGivenBackHoweverTheyEnd) {
  AccountLimits limits(small(), 1);
  const AccountRef a = limits.of(uuid(kAccountA), "{}");
  Code why{};
  {
    SessionAccounts first, second, third;
    AccountPlace places[3], further;
    EXPECT_TRUE(first.enter(limits, a, 1, places[0], why));
    EXPECT_TRUE(first.enter(limits, a, 1, places[1], why));
    EXPECT_EQ(a->clients(), 1) << "one socket is one client";
    EXPECT_TRUE(second.enter(limits, a, 1, places[2], why));
    EXPECT_FALSE(second.enter(limits, a, 1, further, why));
    EXPECT_EQ(why, Code::account_channels);
    places[0].leave();
    places[0].leave();
    EXPECT_EQ(a->channels(), 2);
    EXPECT_FALSE(third.enter(limits, a, 1, further, why));
    EXPECT_EQ(why, Code::account_clients);
    EXPECT_EQ(a->channels(), 2) << "what was refused took nothing";
    places[1].leave();
    EXPECT_EQ(a->clients(), 1);
    EXPECT_TRUE(third.enter(limits, a, 1, further, why));
    EXPECT_TRUE(further.account() == a.get());
    EXPECT_TRUE(further.tell_now(5000));
    EXPECT_FALSE(further.tell_now(5999));
    EXPECT_TRUE(further.tell_now(6000));
  }
  EXPECT_EQ(a->clients(), 0);
  EXPECT_EQ(a->channels(), 0);
  EXPECT_EQ(limits.stats().channels.load(), 1u);
  EXPECT_EQ(limits.stats().clients.load(), 1u);
}

TEST(AccountLimits, OnlySoManyAreCountedAndIdleOnesMakeRoom) {
  AccountLimits limits(small(), 1);
  for (size_t i = 0; i < kAccountsMax + 5000; ++i) limits.of(Uuid::random(), "{}");
  EXPECT_LE(limits.size(), kAccountsMax) << "accounts come and go";
  std::vector<AccountRef> held;
  while (held.size() < kAccountsMax) held.push_back(limits.of(Uuid::random(), "{}"));
  EXPECT_EQ(limits.of(Uuid::random(), "{}"), limits.shared());
  held.clear();
  EXPECT_NE(limits.of(Uuid::random(), "{}"), limits.shared());
}

// Rights that say whose the topic is: A's for names that begin with a, B's for b.
class AccountRights : public RightsProbe {
 public:
  Task<Rights> probe(pg::Claims, std::string topic) override {
    ++asked;
    Rights rights = Rights::all();
    if (topic[0] == 'a') rights.account = uuid(kAccountA);
    if (topic[0] == 'b') rights.account = uuid(kAccountB);
    rights.account_limits = row;
    co_return rights;
  }
  std::string row = "{}";
  int asked = 0;
};

struct Client {
  explicit Client(Hub& hub_in, std::optional<Uuid> visitor_of = {}) : hub(hub_in) {
    SessionInfo info;
    info.vsn = Vsn::v2;
    edge::Caller caller;
    caller.account_id = visitor_of;
    info.caller = std::make_shared<const edge::Caller>(std::move(caller));
    session = hub.open(transport, std::move(info));
  }
  std::vector<std::string> join(std::string_view topic,
                                std::string_view config = R"({"private":true})") {
    hub.on_text(*session, R"(["1","1","realtime:)" + std::string(topic) +
                              R"(","phx_join",{"config":)" + std::string(config) + "}]");
    return take();
  }
  void say(std::string_view topic, std::string_view text = "x") {
    hub.on_text(*session, R"(["1","2","realtime:)" + std::string(topic) +
                              R"(","broadcast",{"type":"broadcast","event":"e","payload":{"t":")" +
                              std::string(text) + R"("}}])");
  }
  std::vector<std::string> take() {
    hub.flush();
    return transport.take();
  }
  size_t heard() {
    size_t count = 0;
    for (const std::string& frame : take()) count += frame[0] == 'B' ? 1 : 0;
    return count;
  }

  Hub& hub;
  testing::FakeTransport transport;
  std::unique_ptr<Session> session;
};

class AccountsTest : public ::testing::Test {
 protected:
  AccountsTest() : limits(small(), 1), hub(loop, options()), other(loop, options()) {
    bus.add(hub);
    bus.add(other);
  }
  HubOptions options() {
    HubOptions made;
    made.rights = &rights;
    made.accounts = &limits;
    made.feed = FeedState::live;
    return made;
  }
  void turn() {
    bool over = false;
    Timer timer;
    timer.start(loop, 20, [&over] { over = true; });
    while (!over) uv_run(loop.raw(), UV_RUN_ONCE);
  }

  Loop loop;
  AccountRights rights;
  AccountLimits limits;
  Bus bus;
  Hub hub, other;
};

constexpr const char* kOk = R"("status":"ok")";

TEST_F(AccountsTest, ANoisyAccountLosesItsOwnMessagesAndNobodyElses) {
  Client loud(hub), a_listener(hub), b(hub), b_listener(hub);
  EXPECT_THAT(loud.join("a1", R"({"private":true,"broadcast":{"ack":true}})"),
              Contains(HasSubstr(kOk)));
  a_listener.join("a1");
  b.join("b1");
  b_listener.join("b1");
  for (int i = 0; i < 50; ++i) loud.say("a1");
  EXPECT_EQ(a_listener.heard(), 10u) << "two seconds' worth";
  const std::vector<std::string> told = loud.take();
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const auto& f) { return f.find("\"system\"") != std::string::npos; }),
            1)
      << "told once";
  EXPECT_THAT(
      told, Contains(HasSubstr("MessagePerSecondRateLimitReached: Too many messages per second")));
  EXPECT_FALSE(loud.transport.closed) << "the socket stays";
  for (int i = 0; i < 10; ++i) b.say("b1");
  EXPECT_EQ(b_listener.heard(), 10u);
  EXPECT_EQ(limits.stats().events.load(), 40u);
}

TEST_F(AccountsTest, LoopsCountTogether) {
  Client here(hub), there(other), listener(hub);
  here.join("a1");
  there.join("a1");
  limits.update(uuid(kAccountA), R"({"channels_max":9,"clients_max":9})");
  rights.row = R"({"channels_max":9,"clients_max":9})";
  listener.join("a1");
  for (int i = 0; i < 8; ++i) here.say("a1");
  for (int i = 0; i < 8; ++i) there.say("a1");
  turn();
  EXPECT_EQ(listener.heard(), 10u);
  EXPECT_EQ(limits.of(uuid(kAccountA), "{}")->clients(), 3);
}

TEST_F(AccountsTest, ManyReceiversUseUpTheBytesAndServersAreNotCounted) {
  Client sender(hub), listener(hub);
  sender.join("a1");
  listener.join("a1");
  sender.say("a1", std::string(1500, 'x'));
  sender.say("a1", "small");
  EXPECT_EQ(listener.heard(), 1u) << "the first took more than two seconds' worth";
  EXPECT_THAT(sender.take(), Contains(HasSubstr("Too many bytes per second in this account")));
  sender.say("a1", std::string(3000, 'x'));
  EXPECT_EQ(limits.stats().payload.load(), 1u);
  Message answer;
  answer.topic = "a1";
  answer.event = "answer.delta";
  answer.payload = "{}";
  hub.deliver(answer);
  EXPECT_EQ(listener.heard(), 1u) << "what the server says is not the account's noise";
}

TEST_F(AccountsTest, JoinsAreRefusedWithTheirReason) {
  rights.row = R"({"clients_max":1})";
  Client first(hub), second(hub);
  EXPECT_THAT(first.join("a1"), Contains(HasSubstr(kOk)));
  EXPECT_THAT(second.join("a1"),
              Contains(HasSubstr("ConnectionRateLimitReached: Too many connected users")));
  EXPECT_THAT(second.join("b1"), Contains(HasSubstr(kOk))) << "another account is not concerned";
  rights.row = R"({"enabled":false})";
  EXPECT_THAT(first.join("a2"), Contains(HasSubstr("RealtimeDisabledForTenant")));
  rights.row = R"({"channels_max":1})";
  EXPECT_THAT(first.join("a3"),
              Contains(HasSubstr("ChannelRateLimitReached: Too many channels in this account")));
}

TEST_F(AccountsTest, AnAccountThatJoinsTooFastIsNotEvenAskedAbout) {
  Client visitor(hub, uuid(kAccountA)), b(hub);
  for (int i = 0; i < 60; ++i) visitor.join("a1");
  EXPECT_THAT(visitor.join("a1"), Contains(HasSubstr("ClientJoinRateLimitReached")));
  const int asked = rights.asked;
  Client next(hub, uuid(kAccountA));
  EXPECT_THAT(next.join("a1"), Contains(HasSubstr("Too many joins per second in this account")));
  EXPECT_EQ(rights.asked, asked);
  EXPECT_THAT(b.join("b1"), Contains(HasSubstr(kOk)));
}

TEST_F(AccountsTest, WhatIsNobodysCountsTogether) {
  Client open(hub), own(hub), third(hub);
  EXPECT_THAT(open.join("room", "{}"), Contains(HasSubstr(kOk)));
  EXPECT_THAT(own.join("room"), Contains(HasSubstr(kOk)));
  EXPECT_THAT(third.join("x", "{}"), Contains(HasSubstr("ConnectionRateLimitReached")));
  EXPECT_EQ(limits.shared()->clients(), 2);
  own.session.reset();
  EXPECT_EQ(limits.shared()->clients(), 1);
  EXPECT_THAT(third.join("x", "{}"), Contains(HasSubstr(kOk)));
}

TEST_F(AccountsTest, TracksOverTheRateAreRefusedAndNothingCloses) {
  Client client(hub);
  client.join("room", R"({"presence":{"enabled":true}})");
  for (int i = 0; i < 20; ++i) {
    hub.on_text(*client.session, R"(["1","3","realtime:room","presence",{"type":"presence",)"
                                 R"("event":"track","payload":{"n":)" +
                                     std::to_string(i) + "}}]");
  }
  const std::vector<std::string> answers = client.take();
  EXPECT_THAT(answers, Contains(HasSubstr("PresenceRateLimitReached")));
  EXPECT_EQ(limits.stats().presence.load(), 16u);
  EXPECT_FALSE(client.transport.closed);
}

TEST_F(AccountsTest, ALowerLimitCountsFromTheEventOn) {
  Client sender(hub), listener(hub);
  sender.join("a1");
  listener.join("a1");
  edge::DurableEvent event;
  event.topic = std::string("account:") + kAccountA;
  event.event = "limits.updated";
  event.payload_json = R"({"limits":{"events_per_s":0}})";
  event.is_private = false;
  hub.deliver(event);
  sender.say("a1");
  EXPECT_EQ(listener.heard(), 1u) << "a public event of that name says nothing";
  event.is_private = true;
  hub.deliver(event);
  sender.say("a1");
  EXPECT_EQ(listener.heard(), 0u);
}

}  // namespace
}  // namespace chatpad::realtime

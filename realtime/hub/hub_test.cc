#include "realtime/hub/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "realtime/hub/bus.h"
#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using testing::Client;
using testing::kind4;

class HubTest : public ::testing::Test {
 protected:
  HubTest() { open(); }
  void open(HubLimits limits = {}, FeedState feed = FeedState::live) {
    HubOptions options;
    options.limits = limits;
    options.verifier = &verifier;
    options.rights = &rights;
    options.feed = feed;
    options.rule = [this](const edge::Caller& caller, std::string_view topic,
                          std::string_view event, std::string_view payload) {
      return rule ? rule(caller, topic, event, payload) : Result<std::string>(std::string(payload));
    };
    hub.reset();
    hub = std::make_unique<Hub>(loop, std::move(options));
  }
  // Lets the loop turn for a while.
  void turn(uint64_t ms) { testing::turn(loop, ms); }

  Loop loop;
  testing::FakeVerifier verifier;
  testing::FakeRights rights;
  ClientBroadcastRule rule;
  std::unique_ptr<Hub> hub;
};

const char* const kAck = R"({"broadcast":{"ack":true,"self":true}})";
const char* const kPrivate = R"({"private":true,"broadcast":{"ack":true}})";

TEST_F(HubTest, AnswersHeartbeatsAndJoins) {
  Client c(*hub);
  c.text(R"([null,"5","phoenix","heartbeat",{}])");
  c.join("room", R"({"presence":{"enabled":true}})");
  EXPECT_THAT(c.take(),
              ElementsAre(R"(T[null,"5","phoenix","phx_reply",{"status":"ok","response":{}}])",
                          R"(T["1","1","realtime:room","phx_reply",)"
                          R"({"status":"ok","response":{"postgres_changes":[]}}])",
                          R"(T["1",null,"realtime:room","presence_state",{}])"));
  EXPECT_EQ(c.transport.writes, 1) << "one write a turn";
}

TEST_F(HubTest, ABroadcastReachesEverySubscriberOfBothVersionsButNotItsSender) {
  Client a(*hub), b(*hub), old(*hub, Vsn::v1), other(*hub);
  a.join("room", R"({"broadcast":{"ack":true}})");
  b.join("room");
  old.text(R"({"topic":"realtime:room","event":"phx_join","payload":{},"ref":"1","join_ref":"1"})");
  other.join("elsewhere");
  a.take(), b.take(), old.take(), other.take();
  a.push("room", "hi", R"({"a":1})");
  EXPECT_THAT(a.take(),
              ElementsAre(HasSubstr(R"("9","realtime:room","phx_reply",{"status":"ok")")));
  EXPECT_THAT(b.take(), ElementsAre(kind4("realtime:room", "hi", R"({"a":1})")));
  EXPECT_THAT(old.take(),
              ElementsAre(R"(T{"topic":"realtime:room","event":"broadcast","payload":)"
                          R"({"type":"broadcast","event":"hi","payload":{"a":1}},"ref":null})"));
  EXPECT_THAT(other.take(), IsEmpty());
  old.text(R"({"topic":"realtime:room","event":"broadcast","ref":"2","join_ref":"1",)"
           R"("payload":{"type":"broadcast","event":"back","payload":{"b":2}}})");
  EXPECT_THAT(b.take(), ElementsAre(kind4("realtime:room", "back", R"({"b":2})")));
  EXPECT_THAT(old.take(), IsEmpty());
}

TEST_F(HubTest, SelfAndAckDoWhatTheySay) {
  Client a(*hub);
  a.join("room", kAck);
  a.take();
  a.push("room", "hi", "{}");
  EXPECT_THAT(a.take(), SizeIs(2));
}

TEST_F(HubTest, UnmatchedTopicsStaleRefsAndLeavesFollowPhoenix) {
  Client c(*hub);
  c.text(R"(["1","2","realtime:none","broadcast",{"event":"x"}])");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("unmatched topic")));
  c.text(R"(["1","3","realtime:none","phx_leave",{}])");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr(R"("status":"ok")")));
  c.join("room");
  c.take();
  c.text(R"(["77","4","realtime:room","phx_leave",{}])");
  EXPECT_THAT(c.take(), IsEmpty()) << "a stale join_ref is ignored";
  c.text(R"(["1","5","realtime:room","phx_leave",{}])");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr(R"(["1","5","realtime:room","phx_reply",)"),
                                    R"(T["1","1","realtime:room","phx_close",{}])"));
  EXPECT_EQ(hub->stats().topics, 0u);
  c.text("no frame at all");
  EXPECT_THAT(c.take(), IsEmpty());
  EXPECT_FALSE(c.transport.closed) << "a malformed frame does not end the connection";
}

TEST_F(HubTest, ASecondJoinClosesTheFirstWithItsOwnRef) {
  Client c(*hub);
  c.join("room");
  c.take();
  c.join("room");
  EXPECT_THAT(c.take(), ElementsAre(R"(T["1","1","realtime:room","phx_close",{}])",
                                    HasSubstr(R"(["2","2","realtime:room","phx_reply")")));
  EXPECT_EQ(hub->stats().channels, 1u);
}

TEST_F(HubTest, TopicsNeedANameAndAPrefix) {
  Client c(*hub);
  c.join("");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("TopicNameRequired")));
  c.text(R"(["1","1","room","phx_join",{}])");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("unmatched topic")));
}

TEST_F(HubTest, PrivateAndPublicRoomsOfOneNameAreDifferent) {
  rights.known = {{"member", Rights::all()}};
  Client pub(*hub), priv(*hub), priv2(*hub);
  pub.join("room", kAck);
  priv.join("room", kPrivate, "member|60");
  priv2.join("room", kPrivate, "member|60");
  pub.take(), priv.take(), priv2.take();
  pub.push("room", "hi", "{}");
  EXPECT_THAT(priv.take(), IsEmpty());
  priv.push("room", "hi", "{}");
  EXPECT_THAT(priv2.take(), ElementsAre(kind4("realtime:room", "hi", "{}")));
  EXPECT_THAT(pub.take(), SizeIs(2)) << "its own broadcast and the ack only";
}

TEST_F(HubTest, RightsAreAskedOncePerJoinAndAPolicyThatRaisesHarmsOnlyItsOwnJoin) {
  Rights reader;
  reader.read_broadcast = true;
  rights.known = {{"reader", reader}, {"stranger", Rights()}};
  rights.loop = &loop;
  Client a(*hub), b(*hub), c(*hub);
  a.join("room", kPrivate, "reader|60");
  b.join("room", kPrivate, "stranger|60");
  c.join("room", kPrivate, "raises|60");
  EXPECT_THAT(a.take(), IsEmpty()) << "no reply before the rights are known";
  turn(30);
  EXPECT_EQ(rights.last_topic, "room");
  EXPECT_THAT(a.take(), ElementsAre(HasSubstr(R"("status":"ok")")));
  EXPECT_THAT(b.take(), ElementsAre(HasSubstr("Unauthorized: You do not have permissions")));
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("unable to connect to the project database")));
  EXPECT_EQ(rights.asked, 3);
  a.push("room", "x", "{}");
  EXPECT_THAT(a.take(), ElementsAre(HasSubstr(R"("status":"error")"))) << "may not write";
}

TEST_F(HubTest, LeavingOrVanishingWhileRightsAreAskedIsHarmless) {
  rights.known = {{"member", Rights::all()}};
  rights.loop = &loop;
  Client a(*hub);
  auto b = std::make_unique<Client>(*hub);
  a.join("room", kPrivate, "member|60");
  a.text(R"(["1","2","realtime:room","phx_leave",{}])");
  b->join("room", kPrivate, "member|60");
  b.reset();
  turn(30);
  EXPECT_THAT(a.take(), SizeIs(2));
  EXPECT_EQ(hub->stats().channels, 0u);
}

TEST_F(HubTest, TokensAreCheckedAtJoin) {
  Client c(*hub);
  c.join("room", "{}", "garbage");
  c.join("room", "{}", "a|-5");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("InvalidJWTToken: The token is not valid"),
                                    HasSubstr("InvalidJWTToken: Token has expired")));
}

TEST_F(HubTest, AnOlderClientWhoseJoinIsRefusedIsSentPhxErrorAsWell) {
  Client c(*hub);
  c.join("room", R"({"presence":{"key":""}})", "a|-5");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("phx_reply"),
                                    R"(T["1","1","realtime:room","phx_error",)"
                                    R"({"reason":"InvalidJWTToken: Token has expired"}])"));
  c.join("room", R"({"presence":{"key":"","enabled":false}})", "a|-5");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("phx_reply")));
}

TEST_F(HubTest, AChannelEndsWithItsToken) {
  Client c(*hub), sender(*hub);
  c.join("room", "{}", "member|1");
  sender.join("room");
  c.take();
  turn(2100);
  sender.push("room", "late", "{}");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("Token has expired"),
                                    R"(T["1","1","realtime:room","phx_error",)"
                                    R"({"reason":"InvalidJWTToken: Token has expired"}])"));
}

TEST_F(HubTest, ANewTokenIsProbedAgainAndMayLoseTheTopic) {
  rights.known = {{"member", Rights::all()}, {"fired", Rights()}};
  Client c(*hub);
  c.join("room", kPrivate, "member|60");
  c.take();
  c.text(R"(["1",null,"realtime:room","access_token",{"access_token":null}])");
  c.text(R"(["1",null,"realtime:room","access_token",{"access_token":"sb_publishable_1"}])");
  c.text(R"(["1",null,"realtime:room","access_token",{"access_token":"member|90"}])");
  EXPECT_THAT(c.take(), IsEmpty());
  EXPECT_EQ(rights.asked, 1) << "the same claims are not probed again";
  c.text(R"(["1",null,"realtime:room","access_token",{"access_token":"fired|60"}])");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("You no longer have permission"),
                                    HasSubstr("\"phx_error\",{\"reason\":\"You no longer have")));
  c.join("room");
  c.take();
  c.text(R"(["2",null,"realtime:room","access_token",{"access_token":"broken"}])");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("not valid"), HasSubstr("phx_error")));
}

TEST_F(HubTest, TheRuleRewritesAndRefusesClientBroadcasts) {
  rule = [](const edge::Caller&, std::string_view, std::string_view event, std::string_view) {
    if (event == "typing") return Result<std::string>(R"({"who":"visitor"})");
    return Result<std::string>(Error(Errc::forbidden, PublicText("Only typing.")));
  };
  Client a(*hub), b(*hub);
  a.join("room", R"({"broadcast":{"ack":true}})");
  b.join("room");
  a.take(), b.take();
  a.push("room", "message.created", "{}");
  EXPECT_THAT(a.take(), ElementsAre(HasSubstr("Only typing.")));
  a.push("room", "typing", R"({"who":"owner"})");
  EXPECT_THAT(b.take(), ElementsAre(kind4("realtime:room", "typing", R"({"who":"visitor"})")));
}

TEST_F(HubTest, DurableEventsReachEveryTopicTheyName) {
  rights.known = {{"member", Rights::all()}};
  Client c(*hub);
  c.join("conversation:1", kPrivate, "member|60");
  c.join("account:2", kPrivate, "member|60");
  c.take();
  edge::DurableEvent event;
  event.id = "e1";
  event.topic = "conversation:1";
  event.also_topics = {"account:2"};
  event.event = "message.created";
  event.payload_json = "{}";
  event.seq = 4;
  event.xid = "77";
  event.horizon = "1.1.70";
  hub->deliver(event);
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr(R"(conversation:1message.created{"id":"e1","seq":4,)"
                                              R"("horizon":"1.1.70"}{})"),
                                    HasSubstr("account:2message.created")));
}

TEST_F(HubTest, JoinsWaitForTheFeed) {
  HubLimits limits;
  limits.live_wait_ms = 30;
  open(limits, FeedState::away);
  Client a(*hub), b(*hub);
  a.join("room");
  EXPECT_THAT(a.take(), IsEmpty());
  hub->set_feed(FeedState::live);
  EXPECT_THAT(a.take(), ElementsAre(HasSubstr(R"("status":"ok")")));
  hub->set_feed(FeedState::away);
  b.join("room");
  turn(60);
  EXPECT_THAT(b.take(), ElementsAre(HasSubstr("InitializingProjectConnection")));
}

TEST_F(HubTest, AGapTellsEveryChannelToJoinAgain) {
  Client a(*hub);
  a.join("one");
  a.join("two");
  a.take();
  hub->announce_gap();
  EXPECT_THAT(a.take(), SizeIs(4));
  EXPECT_EQ(hub->stats().channels, 0u);
}

TEST_F(HubTest, ASlowReaderIsClosedAndTheOthersMissNothing) {
  HubLimits limits;
  limits.outbox_bytes_max = 64 * 1024;
  open(limits);
  Client slow(*hub), good(*hub);
  slow.join("room");
  good.join("room");
  slow.take(), good.take();
  slow.transport.is_ready = false;
  Message message;
  message.topic = "room";
  message.privacy = Privacy::open;
  message.event = "e";
  message.payload = "{\"x\":\"" + std::string(1000, 'x') + "\"}";
  size_t received = 0;
  for (int i = 0; i < 100; ++i) {
    hub->deliver(message);
    received += good.take().size();
  }
  EXPECT_EQ(received, 100u);
  EXPECT_EQ(slow.transport.closed, Close::slow_reader);
  EXPECT_EQ(slow.session->outbox_bytes(), 0u) << "its memory is back";
  EXPECT_EQ(hub->stats().slow_readers, 1u);
  EXPECT_EQ(hub->stats().channels, 1u) << "it is no subscriber any more";
}

TEST_F(HubTest, ABlockedSocketGetsEverythingInOrderOnceItIsReady) {
  Client c(*hub);
  c.join("room");
  c.take();
  c.transport.is_ready = false;
  Message message;
  message.topic = "room";
  message.privacy = Privacy::open;
  message.event = "e";
  for (int i = 0; i < 50; ++i) {
    message.payload = std::to_string(i);
    hub->deliver(message);
    hub->flush();
  }
  EXPECT_TRUE(c.transport.wanted);
  EXPECT_THAT(c.transport.take(), IsEmpty());
  c.transport.is_ready = true;
  hub->on_ready(*c.session);
  const std::vector<std::string> frames = c.take();
  ASSERT_THAT(frames, SizeIs(50));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(frames[static_cast<size_t>(i)], kind4("realtime:room", "e", std::to_string(i)));
  }
}

TEST_F(HubTest, RatesAndCountsAreLimited) {
  HubLimits limits;
  limits.channels_max = 3;
  limits.joins_per_s = 4;
  open(limits);
  Client c(*hub);
  for (int i = 0; i < 4; ++i) c.join("room" + std::to_string(i));
  EXPECT_THAT(c.take().back(), HasSubstr("ChannelRateLimitReached"));
  for (int i = 0; i < 8; ++i) c.join("room0");
  EXPECT_THAT(c.take(), Contains(HasSubstr("ClientJoinRateLimitReached")));
  Client flood(*hub);
  for (int i = 0; i < 1000; ++i) flood.text(R"([null,"1","phoenix","heartbeat",{}])");
  flood.take();
  EXPECT_EQ(flood.transport.closed, Close::message_rate);
  Client fat(*hub);
  for (int i = 0; i < 20; ++i) fat.text(std::string(kFrameBytesMax, ' '));
  fat.take();
  EXPECT_EQ(fat.transport.closed, Close::byte_rate);
  Client big(*hub);
  big.join("room", R"({"broadcast":{"ack":true}})");
  big.take();
  big.push("room", "e", "\"" + std::string(limits.broadcast_bytes_max, 'x') + "\"");
  EXPECT_THAT(big.take(), ElementsAre(HasSubstr("payload_size_exceeded")));
}

TEST_F(HubTest, PostgresChangesAreEchoedAndSaidToBeUnavailable) {
  Client c(*hub);
  c.join("room", R"({"postgres_changes":[{"event":"*","schema":"public","table":"t"}]})");
  EXPECT_THAT(c.take(),
              ElementsAre(HasSubstr(R"({"event":"*","schema":"public","table":"t","id":)"),
                          HasSubstr(R"("extension":"postgres_changes","status":"error")")));
}

// Answers when the test says so.
class FakeChanges final : public ChangeSource {
 public:
  void subscribe(ChangeSubscription subscription) override {
    asked.push_back(std::move(subscription));
  }
  void unsubscribe(uint64_t channel_id) override { gone.push_back(channel_id); }
  std::vector<ChangeSubscription> asked;
  std::vector<uint64_t> gone;
};

constexpr const char* kChangesConfig =
    R"({"postgres_changes":[{"event":"*","schema":"public","table":"t","select":["a"]}]})";

TEST_F(HubTest, AJoinWithChangesIsAnsweredWhenTheyAreLive) {
  FakeChanges changes;
  hub->attach(&changes);
  Client c(*hub);
  c.join("room", kChangesConfig);
  EXPECT_THAT(c.take(), IsEmpty());
  ASSERT_THAT(changes.asked, SizeIs(1));
  const ChangeSubscription asked = changes.asked[0];
  EXPECT_THAT(asked.requests[0].select, ElementsAre("a"));
  const FrameRef frame = FrameRef::make(FrameForm::text, "[change]");
  hub->push_change(asked.channel_id, frame);
  EXPECT_THAT(c.take(), IsEmpty());
  hub->on_changes(asked.channel_id, asked.ticket + 1, ChangesOutcome::live, "");
  EXPECT_THAT(c.take(), IsEmpty());
  hub->on_changes(asked.channel_id, asked.ticket, ChangesOutcome::live, "");
  hub->push_change(asked.channel_id, frame);
  EXPECT_THAT(c.take(),
              ElementsAre(HasSubstr(R"("status":"ok")"),
                          HasSubstr(R"("status":"ok","message":"Subscribed to PostgreSQL")"),
                          HasSubstr("[change]")));
  hub->lose_changes(asked.channel_id, Code::changes_rights);
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("RlsPolicyError"), HasSubstr("phx_error")));
  EXPECT_THAT(changes.gone, ElementsAre(asked.channel_id));
  hub->push_change(asked.channel_id, frame);
  EXPECT_THAT(c.take(), IsEmpty());
}

TEST_F(HubTest, RefusedChangesFailOnlyAJoinThatWaitsForThem) {
  FakeChanges changes;
  hub->attach(&changes);
  Client c(*hub);
  c.join("a", kChangesConfig);
  hub->on_changes(changes.asked[0].channel_id, changes.asked[0].ticket, ChangesOutcome::refused,
                  "no such table");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr(R"("status":"ok")"),
                                    HasSubstr(R"("status":"error","message":"no such table")")));
  std::string waiting = kChangesConfig;
  waiting.insert(waiting.size() - 1, R"(,"postgres_changes_options":{"wait":true,"timeout":20})");
  c.join("b", waiting);
  hub->on_changes(changes.asked[1].channel_id, changes.asked[1].ticket, ChangesOutcome::refused,
                  "no such table");
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("RealtimeDisabledForConfiguration: no such table")));
  c.join("c", waiting);
  turn(60);
  EXPECT_THAT(c.take(), ElementsAre(HasSubstr("PostgresChangesSubscribeTimeout: Timed out after "
                                              "20ms waiting for the postgres_changes")));
}

TEST_F(HubTest, NewClaimsAreTakenToTheChangesToo) {
  FakeChanges changes;
  hub->attach(&changes);
  Client c(*hub);
  c.join("room", kChangesConfig, "one|60");
  hub->on_changes(changes.asked[0].channel_id, changes.asked[0].ticket, ChangesOutcome::live, "");
  c.take();
  c.text(R"(["1","9","realtime:room","access_token",{"access_token":"two|60"}])");
  ASSERT_THAT(changes.asked, SizeIs(2));
  EXPECT_THAT(changes.asked[1].claims.json, HasSubstr("two"));
  EXPECT_EQ(changes.asked[1].channel_id, changes.asked[0].channel_id);
}

TEST_F(HubTest, ABroadcastThatIsToBeStoredIsRefused) {
  Client a(*hub), b(*hub);
  a.join("room", kAck);
  b.join("room");
  a.take(), b.take();
  const auto push = [&a, this](std::string_view metadata) {
    std::string frame("\x03\x00\x00\x0d\x01\x00\x01", 7);
    frame[5] = static_cast<char>(metadata.size());
    hub->on_binary(*a.session, frame.append("realtime:room").append("e").append(metadata) + "{}");
  };
  push(R"({"persist":true})");
  push(R"({"persist":{"ttl":5}})");
  EXPECT_THAT(a.take(), Each(HasSubstr(R"({"error":"Broadcasts cannot be stored)")));
  EXPECT_THAT(b.take(), IsEmpty());
  push(R"({"persist":false})");
  push("{}");
  EXPECT_THAT(b.take(), SizeIs(2));
}

TEST_F(HubTest, RawBytesReachOnlyVersionTwo) {
  Client a(*hub), old(*hub, Vsn::v1);
  a.join("room", kAck);
  old.text(R"({"topic":"realtime:room","event":"phx_join","payload":{},"ref":"1"})");
  a.take(), old.take();
  std::string frame("\x03\x00\x00\x0d\x01\x00\x00", 7);
  frame += "realtime:room";
  frame += "e";
  frame.append("\x00\xff", 2);
  hub->on_binary(*a.session, frame);
  EXPECT_THAT(a.take(), SizeIs(1));
  EXPECT_THAT(old.take(), IsEmpty());
}

}  // namespace
}  // namespace chatpad::realtime

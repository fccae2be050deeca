#include "realtime/hub/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FakeRecovery;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Snapshot, ShowsWhatWasNotOpenAndNotInTheFuture) {
  const char* const snapshot = "10:20:12,15";
  for (const uint64_t seen : {1, 9, 10, 11, 13, 19}) EXPECT_TRUE(snapshot_shows(snapshot, seen));
  for (const uint64_t open : {12, 15, 20, 99}) EXPECT_FALSE(snapshot_shows(snapshot, open));
  EXPECT_TRUE(snapshot_shows("20:20:", 19));
  for (const char* bad : {"", "1", "1:2", "x:2:", "1:y:", ":::"}) {
    EXPECT_FALSE(snapshot_shows(bad, 1)) << bad;
  }
}

TEST(Cursor, BelongsToOneClusterAndTimeline) {
  EXPECT_EQ(xid_of_cursor("71.1.5", "71.1"), 5u);
  for (const char* bad : {"", "5", "71.1", "71.1.", "71.1.x", "71.2.5", "72.1.5", "71.1.-5",
                          "71.1.5 ", "71.1.99999999999999999999", "771.1.5"}) {
    EXPECT_FALSE(xid_of_cursor(bad, "71.1")) << bad;
  }
  EXPECT_FALSE(xid_of_cursor(".5", ""));
}

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest() {
    history.answer.outcome = "ok";
    history.answer.snapshot = "100:100:";
    history.answer.horizon = "100";
    rights.known = {{"person", Rights::all()}};
    open({});
  }
  ~RecoveryTest() override {
    session.reset();
    hub.reset();
  }
  void open(HubLimits limits) {
    session.reset();
    HubOptions options;
    options.limits = limits;
    options.verifier = &verifier;
    options.rights = &rights;
    options.recovery = &history;
    options.feed = FeedState::away;
    hub = std::make_unique<Hub>(loop, std::move(options));
    hub->set_feed(FeedState::live, "7.1");
    SessionInfo info;
    info.vsn = Vsn::v1;
    edge::Caller caller;
    caller.claims.json = R"({"who":"person"})";
    info.caller = std::make_shared<const edge::Caller>(std::move(caller));
    session = hub->open(transport, std::move(info));
  }
  void join(const std::string& broadcast, const std::string& topic = "conversation:1",
            const char* is_private = "true") {
    hub->on_text(*session, R"({"topic":"realtime:)" + topic +
                               R"(","event":"phx_join","ref":"1","join_ref":"1",)"
                               R"("payload":{"config":{"private":)" +
                               is_private + R"(,"broadcast":)" + broadcast + "}}}");
  }
  void turn(uint64_t ms) { testing::turn(loop, ms); }
  std::vector<std::string> take() {
    hub->flush();
    return transport.take();
  }
  void live(int n, const char* xid = "50", const char* topic = "conversation:1") {
    edge::DurableEvent event;
    event.id = FakeRecovery::id_of(n);
    event.topic = topic;
    event.event = "e" + std::to_string(n);
    event.payload_json = "{}";
    event.xid = xid;
    hub->deliver(event);
  }
  // Reading takes a while, so that something can happen meanwhile.
  void slowly() { history.loop = &loop; }

  Loop loop;
  testing::FakeVerifier verifier;
  testing::FakeRights rights;
  FakeRecovery history;
  testing::FakeTransport transport;
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Session> session;
};

const char* const kSeq = R"({"recover":{"seq":3}})";

TEST_F(RecoveryTest, HistoryComesBehindTheOkAndBeforeWhatIsLive) {
  slowly();
  history.add(1);
  history.add(2);
  join(kSeq);
  live(2);
  live(3);
  EXPECT_THAT(take(), IsEmpty()) << "no ok before the history is there";
  turn(20);
  EXPECT_THAT(take(), ElementsAre(HasSubstr(R"("recover":{"count":2,"horizon":"7.1.100"})"),
                                  HasSubstr(R"("event":"e1","payload":{},"meta":{"id":")"
                                            "00000000-0000-4000-8000-000000000001\""
                                            R"(,"horizon":"7.1.101","replayed":true})"),
                                  HasSubstr("\"e2\""), HasSubstr("\"extension\":\"recover\""),
                                  HasSubstr("\"e3\"")));
  EXPECT_EQ(history.last.seq, 3);
  live(1);
  live(4);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("\"e4\""))) << "a late live copy is dropped";
}

TEST_F(RecoveryTest, ReplayKeepsSupabasesForm) {
  history.add(1);
  join(R"({"replay":{"since":5,"limit":2}})");
  const auto frames = take();
  EXPECT_THAT(frames, ElementsAre(HasSubstr(R"("response":{"postgres_changes":[]})"),
                                  HasSubstr("\"replayed\":true")));
  EXPECT_EQ(history.last.replay->since_ms, 5);
  EXPECT_EQ(history.last.replay->limit, 2);
}

TEST_F(RecoveryTest, WhatIsOlderThanAReplayDoesNotComeBehindIt) {
  slowly();
  history.add(2);
  join(R"({"replay":{"since":5,"limit":1}})");
  live(1, "99");
  live(2, "99");
  live(3, "100");
  turn(20);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("\"ok\""), HasSubstr("\"e2\""), HasSubstr("\"e3\"")));
  live(4, "98");
  live(5, "101");
  EXPECT_THAT(take(), ElementsAre(HasSubstr("\"e5\"")));
}

TEST_F(RecoveryTest, WhatCannotBeAskedIsRefusedWithItsSentence) {
  const auto refused = [this](const std::string& broadcast, const char* topic,
                              const char* is_private) {
    join(broadcast, topic, is_private);
    return take().at(0);
  };
  EXPECT_THAT(refused(R"({"replay":{"since":5}})", "room", "false"),
              HasSubstr("Replay is not allowed for public channels"));
  EXPECT_THAT(refused(R"({"recover":{}})", "room", "false"), HasSubstr("public channels"));
  EXPECT_THAT(refused(R"({"replay":{"since":5,"limit":26}})", "room", "true"),
              HasSubstr("UnableToReplayMessages: Replay params are not valid"));
  EXPECT_THAT(refused(kSeq, "account:1", "true"),
              HasSubstr("UnableToRecover: Recover params are not valid"));
  EXPECT_EQ(history.asked, 0);
}

TEST_F(RecoveryTest, WithoutTheRightToReadNothingIsRead) {
  rights.known = {{"person", Rights()}};
  join(kSeq);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("Unauthorized")));
  EXPECT_EQ(history.asked, 0);
}

TEST_F(RecoveryTest, AGapIsToldInTheReplyAndToTheApplication) {
  history.answer.outcome = "purged";
  history.answer.seq = 90;
  history.add(1);
  join(kSeq);
  const auto frames = take();
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_THAT(frames[0], HasSubstr(R"("status":"ok")"));
  for (const std::string& frame : frames) {
    EXPECT_THAT(frame,
                HasSubstr(R"("gap":{"from":3,"to":90},"reason":"purged","horizon":"7.1.100")"));
  }
}

TEST_F(RecoveryTest, ACursorOfAnotherDatabaseIsAGap) {
  join(R"({"recover":{"horizon":"8.1.90"}})", "account:1");
  EXPECT_THAT(take(), Contains(HasSubstr(R"("gap":{"from":"8.1.90","to":"7.1.100"},)"
                                         R"("reason":"another_database")")));
  join(R"({"recover":{"horizon":"7.1.90"}})", "account:1");
  EXPECT_THAT(take(), Contains(HasSubstr(R"("count":0)")));
  EXPECT_EQ(history.last.xid, 90u);
}

TEST_F(RecoveryTest, ACommitThatIsNotVisibleYetIsWaitedFor) {
  slowly();
  live(1, "77");
  history.late_until = 3;
  history.late_snapshot = "70:80:77";
  join(kSeq);
  turn(150);
  EXPECT_EQ(history.asked, 4);
  EXPECT_THAT(take(), Contains(HasSubstr(R"("status":"ok")")));
}

TEST_F(RecoveryTest, AFeedThatBreaksMeanwhileMakesTheChannelJoinAnew) {
  slowly();
  join(kSeq);
  hub->set_feed(FeedState::away);
  turn(20);
  EXPECT_THAT(take(), IsEmpty()) << "no ok while nothing would be delivered";
  hub->announce_gap();
  hub->set_feed(FeedState::live, "7.1");
  turn(20);
  EXPECT_THAT(take(), ElementsAre(HasSubstr(R"("status":"ok")"), HasSubstr("\"recover\"")));
  EXPECT_EQ(history.asked, 2) << "the history is read again";
  hub->set_feed(FeedState::live, "7.1");
  join(kSeq, "conversation:2");
  hub->announce_gap();
  EXPECT_THAT(take(), Contains(HasSubstr("Events may have been missed")));
  turn(20);
}

TEST_F(RecoveryTest, ASlowReaderGetsItsHistoryAsItReads) {
  HubLimits limits;
  limits.recovery_drain_ms = 50;
  open(limits);
  for (int n = 1; n <= 300; ++n) history.add(n, "\"" + std::string(10'000, 'x') + "\"");
  join(R"({"recover":{"seq":0}})");
  transport.is_ready = false;
  hub->flush();
  live(400);
  EXPECT_LT(session->outbox_bytes(), 400'000u) << "the outbox is not filled with all of it";
  transport.is_ready = true;
  hub->on_ready(*session);
  const auto frames = take();
  ASSERT_EQ(frames.size(), 303u);
  for (int n = 1; n <= 300; ++n) {
    EXPECT_THAT(frames[static_cast<size_t>(n)], HasSubstr("\"e" + std::to_string(n) + "\""));
  }
  EXPECT_THAT(frames.back(), HasSubstr("\"e400\""));
  join(R"({"recover":{"seq":0}})");
  transport.is_ready = false;
  hub->flush();
  turn(80);
  hub->flush();
  EXPECT_EQ(transport.closed, Close::slow_reader) << "nor may it take forever";
}

TEST_F(RecoveryTest, WhatIsHeldBackIsBounded) {
  HubLimits limits;
  limits.held_events_max = 3;
  open(limits);
  slowly();
  join(kSeq);
  for (int n = 1; n <= 4; ++n) live(n);
  turn(20);
  const auto told = take();
  ASSERT_THAT(told, SizeIs(2)) << "more than a history may be is a gap";
  for (const std::string& frame : told) EXPECT_THAT(frame, HasSubstr(R"("reason":"too_long")"));
  live(5);
  hub->flush();
  EXPECT_THAT(take(), ElementsAre(HasSubstr("\"e5\""))) << "and the channel lives on";
}

TEST_F(RecoveryTest, AReplayThatCannotHoldBackFailsItsJoin) {
  HubLimits limits;
  limits.held_events_max = 3;
  open(limits);
  slowly();
  join(R"({"replay":{"since":1,"limit":2}})");
  for (int n = 1; n <= 4; ++n) live(n);
  turn(20);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("Realtime was unable to replay messages")));
  EXPECT_EQ(hub->stats().channels, 0u);
}

TEST_F(RecoveryTest, OnlySoManyReadAtATimeAndSoManyWait) {
  HubLimits limits;
  limits.recoveries_max = 1;
  limits.recoveries_waiting_max = 1;
  open(limits);
  slowly();
  join(kSeq, "conversation:1");
  join(kSeq, "conversation:2");
  join(kSeq, "conversation:3");
  EXPECT_THAT(take(), ElementsAre(HasSubstr("IncreaseConnectionPool")));
  EXPECT_EQ(hub->stats().recoveries_waiting, 1u);
  turn(40);
  EXPECT_EQ(history.asked, 2);
  EXPECT_THAT(take(), SizeIs(4));
}

TEST_F(RecoveryTest, AReadingThatFailsFailsTheJoinAndLeavesNothing) {
  history.fails = true;
  join(kSeq);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("UnableToReplayMessages: Realtime was unable")));
  EXPECT_EQ(hub->stats().channels, 0u);
  EXPECT_EQ(hub->stats().topics, 0u);
}

TEST_F(RecoveryTest, ALeaveInTheMiddleOfTheReadingIsQuiet) {
  slowly();
  join(kSeq);
  hub->on_text(*session,
               R"({"topic":"realtime:conversation:1","event":"phx_leave","ref":"2","payload":{}})");
  take();
  turn(20);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(hub->stats().topics, 0u);
}

}  // namespace
}  // namespace chatpad::realtime

// What an event about rights changes for those who are joined.
#include "realtime/hub/rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "realtime/hub/hub.h"
#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kAccount = "00000000-0000-4000-8000-000000000001";

class PersonVerifier : public testing::FakeVerifier {
 public:
  Result<edge::Caller> verify(std::string_view token) const override {
    Result<edge::Caller> caller = FakeVerifier::verify(token);
    if (caller) caller->kind = edge::CallerKind::user;
    return caller;
  }
};

// The database as a session sees it: the commit of `xid` after `late_until` answers.
class LateRights : public RightsProbe {
 public:
  Task<Rights> probe(pg::Claims, std::string) override {
    ++asked;
    Rights rights;
    rights.account = Uuid::parse(kAccount);
    const bool shows = lost && asked > late_until;
    rights.read_broadcast = !shows;
    rights.second_factor_wanted = shows;
    rights.snapshot = shows ? "101:101:" : "100:101:100";
    if (!lost) rights.snapshot = "100:100:";
    co_return rights;
  }
  bool lost = false;
  int asked = 0;
  int late_until = 0;
};

class RightsTest : public ::testing::Test {
 protected:
  RightsTest() {
    HubOptions options;
    options.verifier = &verifier;
    options.rights = &rights;
    options.feed = FeedState::not_required;
    hub = std::make_unique<Hub>(loop, std::move(options));
    session = hub->open(transport, SessionInfo{Vsn::v2, nullptr, "", "", ""});
    hub->on_text(*session, R"(["1","1","realtime:account:)" + std::string(kAccount) +
                               R"(","phx_join",{"config":{"private":true},)" +
                               R"("access_token":"ann|60"}])");
    EXPECT_THAT(take(), Contains(HasSubstr(R"("status":"ok")")));
  }
  void require_factor(const std::string& xid) {
    rights.lost = true;
    edge::DurableEvent event;
    event.topic = std::string("account:") + kAccount;
    event.event = "account.updated";
    event.payload_json = R"({"account":{"secondFactorRequired":true}})";
    event.xid = xid;
    hub->deliver(event);
  }
  std::vector<std::string> take() {
    testing::turn(loop, 5);
    hub->flush();
    return transport.take();
  }

  Loop loop{0};
  PersonVerifier verifier;
  LateRights rights;
  testing::FakeTransport transport;
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Session> session;
};

TEST_F(RightsTest, are_asked_for_until_the_database_shows_what_the_event_told_of) {
  rights.late_until = rights.asked + 3;
  require_factor("100");
  testing::turn(loop, 10 * kRightsUnseenMs);
  EXPECT_THAT(take(), Contains(HasSubstr("InsufficientAAL")));
  EXPECT_EQ(rights.asked, rights.late_until + 1);
  EXPECT_EQ(session->channel_count(), 0u);
}

TEST_F(RightsTest, that_cannot_be_had_end_the_channel) {
  rights.late_until = 1'000'000;
  require_factor("100");
  testing::turn(loop, kRightsUnseenMaxMs + 100);
  EXPECT_THAT(take(), Contains(HasSubstr("phx_error")));
  EXPECT_EQ(session->channel_count(), 0u);
}

TEST_F(RightsTest, of_a_channel_that_has_left_are_not_asked_for_any_more) {
  rights.late_until = 1'000'000;
  require_factor("100");
  take();
  hub->on_text(*session,
               R"(["1","2","realtime:account:)" + std::string(kAccount) + R"(","phx_leave",{}])");
  take();
  const int before = rights.asked;
  testing::turn(loop, 5 * kRightsUnseenMs);
  EXPECT_LE(rights.asked, before + 1);
}

TEST(RightsNews, counts_a_snapshot_that_shows_every_transaction) {
  RightsNews news;
  EXPECT_TRUE(news.shown_by("5:5:"));
  news.note("5");
  news.note("7");
  news.note("");
  news.note("x");
  EXPECT_FALSE(news.shown_by("5:8:5"));
  EXPECT_FALSE(news.shown_by("6:7:"));
  EXPECT_FALSE(news.shown_by("6:9:7,8"));
  EXPECT_TRUE(news.shown_by("6:9:6,8"));
  EXPECT_TRUE(news.shown_by("")) << "nobody asked the database";
  for (int i = 0; i < 100; ++i) news.note("3");
  EXPECT_TRUE(news.shown_by("4:4:")) << "the oldest are forgotten";
  news.note("9");
  news.clear();
  EXPECT_TRUE(news.shown_by("4:4:"));
}

}  // namespace
}  // namespace chatpad::realtime

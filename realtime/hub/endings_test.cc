#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "realtime/hub/hub.h"
#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EndingsTest : public ::testing::Test {
 protected:
  EndingsTest() {
    HubOptions options;
    options.verifier = &verifier;
    options.feed = FeedState::not_required;
    hub = std::make_unique<Hub>(loop, std::move(options));
    session = hub->open(transport, SessionInfo{Vsn::v2, nullptr, "", "", ""});
  }
  void join(const std::string& topic, const std::string& who) {
    hub->on_text(*session, R"(["1","1","realtime:)" + topic + R"(","phx_join",{"config":{},)" +
                               R"("access_token":")" + who + R"(|60"}])");
  }
  void end(const std::string& who) {
    hub->end_sessions([&who](const edge::Caller& caller) {
      return caller.claims.json.find(who) != std::string::npos;
    });
  }
  std::vector<std::string> take() {
    hub->flush();
    return transport.take();
  }

  Loop loop{0};
  testing::FakeVerifier verifier;
  testing::FakeTransport transport;
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Session> session;
};

TEST_F(EndingsTest, tells_the_channels_of_an_ended_session_and_then_closes_the_socket) {
  join("room-1", "ann");
  join("room-2", "ann");
  take();
  end("ann");
  const std::vector<std::string> told = take();
  EXPECT_THAT(told, Contains(HasSubstr("Unauthorized: The session has ended; sign in again")));
  EXPECT_THAT(told, Contains(HasSubstr("phx_error")));
  EXPECT_EQ(transport.closed, Close::session_ended);
  EXPECT_EQ(session->channel_count(), 0u);
}

TEST_F(EndingsTest, leaves_a_socket_to_the_channels_of_others) {
  join("room-1", "ann");
  join("room-2", "bob");
  take();
  end("ann");
  EXPECT_THAT(take(), Contains(HasSubstr("realtime:room-1")));
  EXPECT_FALSE(transport.closed);
  EXPECT_EQ(session->channel_count(), 1u);
  end("nobody");
  EXPECT_THAT(take(), IsEmpty());
}

}  // namespace
}  // namespace chatpad::realtime

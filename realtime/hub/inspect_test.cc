#include "realtime/hub/inspect.h"

#include <gtest/gtest.h>

#include "realtime/hub/testing.h"

namespace chatpad::realtime {
namespace {

TEST(Activity, says_how_many_messages_a_second_there_were_lately) {
  Activity topic;
  const uint64_t at = 100 * kActivitySpanMs;
  EXPECT_EQ(topic.per_s(at), 0);
  for (int i = 0; i < 20; ++i) topic.count(at);
  EXPECT_DOUBLE_EQ(topic.per_s(at), 2);
  // In the next span the one before counts for the part that is not over yet.
  EXPECT_DOUBLE_EQ(topic.per_s(at + kActivitySpanMs), 2);
  EXPECT_DOUBLE_EQ(topic.per_s(at + kActivitySpanMs + kActivitySpanMs / 2), 1);
  EXPECT_EQ(topic.per_s(at + 2 * kActivitySpanMs), 0);
}

TEST(Activity, forgets_what_was_long_ago) {
  Activity topic;
  topic.count(5 * kActivitySpanMs);
  topic.count(9 * kActivitySpanMs);
  EXPECT_DOUBLE_EQ(topic.per_s(9 * kActivitySpanMs), 0.1);
}

TopicReport topic(std::string name, Privacy privacy, size_t members, double messages_per_s) {
  TopicReport report;
  report.name = std::move(name);
  report.privacy = privacy;
  report.members = members;
  report.messages_per_s = messages_per_s;
  return report;
}

TEST(merge_topics, makes_one_of_the_same_topic_of_two_loops_and_keeps_the_busiest) {
  std::vector<TopicReport> topics;
  merge_topics(topics, {topic("a", Privacy::open, 2, 5), topic("b", Privacy::open, 1, 9)}, 3);
  merge_topics(topics,
               {topic("a", Privacy::open, 3, 4), topic("a", Privacy::restricted, 1, 7),
                topic("c", Privacy::open, 1, 1)},
               3);
  ASSERT_EQ(topics.size(), 3u);
  EXPECT_EQ(topics[0].name, "b");
  EXPECT_EQ(topics[1].privacy, Privacy::restricted);
  // Each loop counts the same messages; members are its own.
  EXPECT_EQ(topics[2].members, 5u);
  EXPECT_EQ(topics[2].messages_per_s, 5);
}

class InspectorTest : public ::testing::Test {
 protected:
  InspectorTest() {
    HubOptions options;
    options.feed = FeedState::live;
    hub = std::make_unique<Hub>(loop, options);
    session = hub->open(transport, SessionInfo{Vsn::v2, {}, "", "", ""});
  }
  void text(std::string_view frame) { hub->on_text(*session, frame); }
  void join(const std::string& name) {
    text("[\"1\",\"1\",\"realtime:" + name + "\",\"phx_join\",{}]");
  }
  void broadcast(const std::string& name) {
    Message message;
    message.topic = name;
    message.privacy = Privacy::open;
    message.event = "e";
    message.payload = "{}";
    hub->deliver(message);
  }

  Loop loop;
  testing::FakeTransport transport;
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Session> session;
};

TEST_F(InspectorTest, names_the_busiest_topics_and_no_silent_one) {
  for (const char* name : {"quiet", "busy", "lively"}) join(name);
  broadcast("lively");
  for (int i = 0; i < 3; ++i) broadcast("busy");
  const HubReport report = Inspector::look_at(*hub, 10);
  ASSERT_EQ(report.topics.size(), 2u);
  EXPECT_EQ(report.topics[0].name, "busy");
  EXPECT_EQ(report.topics[0].members, 1u);
  EXPECT_EQ(report.topics[1].name, "lively");
  EXPECT_EQ(Inspector::look_at(*hub, 1).topics.size(), 1u);
  EXPECT_TRUE(Inspector::look_at(*hub, 0).topics.empty());
  EXPECT_EQ(report.stats.channels, 3u);
}

TEST_F(InspectorTest, counts_a_socket_that_does_not_read_once_however_many_channels_it_has) {
  for (const char* name : {"one", "two"}) join(name);
  hub->flush();
  EXPECT_EQ(Inspector::look_at(*hub, 10).behind, 0u);
  transport.is_ready = false;
  broadcast("one");
  broadcast("two");
  hub->flush();
  const HubReport report = Inspector::look_at(*hub, 10);
  EXPECT_EQ(report.behind, 1u);
  EXPECT_GT(report.unsent_bytes, 0u);
}

TEST_F(InspectorTest, tells_refusals_and_closes_by_their_reason) {
  text("[\"1\",\"1\",\"realtime:\",\"phx_join\",{}]");
  const HubStats stats = Inspector::look_at(*hub, 10).stats;
  EXPECT_EQ(stats.joins_refused, 1u);
  EXPECT_EQ(stats.refused_by[static_cast<size_t>(Code::topic_name_required)], 1u);
  hub->close(*session, Close::byte_rate);
  hub->close(*session, Close::slow_reader);
  EXPECT_EQ(hub->stats().closes, 1u);
  EXPECT_EQ(hub->stats().closed_by[static_cast<size_t>(Close::byte_rate)], 1u);
}

}  // namespace
}  // namespace chatpad::realtime

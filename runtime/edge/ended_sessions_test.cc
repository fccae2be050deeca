#include "runtime/edge/ended_sessions.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace chatpad::edge {
namespace {

const std::string kPerson = "a0000000-0000-4000-8000-000000000001";
const std::string kSession = "b0000000-0000-4000-8000-000000000001";
const std::string kOther = "c0000000-0000-4000-8000-000000000001";

DurableEvent event_of(std::string payload) {
  DurableEvent event;
  event.topic = "session:" + kPerson;
  event.event = "sessions.ended";
  event.payload_json = std::move(payload);
  return event;
}

SessionsEnded ended_at(int64_t at_s, std::vector<std::string> sessions, bool everything = false) {
  SessionsEnded ended;
  ended.user_id = kPerson;
  ended.sessions = std::move(sessions);
  ended.everything = everything;
  ended.at_s = at_s;
  return ended;
}

Caller person(const std::string& session) {
  Caller caller;
  caller.kind = CallerKind::user;
  caller.subject = kPerson;
  caller.session_id = session;
  return caller;
}

TEST(SessionsEnded, reads_the_event_and_nothing_else) {
  const auto ended = sessions_ended(event_of(R"({"userId":")" + kPerson + R"(","sessions":[")" +
                                             kSession + R"("],"everything":false,"at":100})"));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->sessions, std::vector{kSession});
  EXPECT_EQ(ended->at_s, 100);
  DurableEvent open = event_of(R"({"sessions":[],"at":1})");
  open.is_private = false;
  EXPECT_FALSE(sessions_ended(open));
  DurableEvent elsewhere = event_of(R"({"sessions":[],"at":1})");
  elsewhere.topic = "room:" + kPerson;
  EXPECT_FALSE(sessions_ended(elsewhere));
  EXPECT_FALSE(sessions_ended(event_of("[]")));
}

TEST(SessionsEnded, covers_the_tokens_of_the_session_or_of_the_person) {
  EXPECT_TRUE(covers(ended_at(1, {kSession}), person(kSession)));
  EXPECT_FALSE(covers(ended_at(1, {kSession}), person(kOther)));
  EXPECT_FALSE(covers(ended_at(1, {kSession}), person("")));
  EXPECT_TRUE(covers(ended_at(1, {}, true), person("")));
  Caller visitor = person(kSession);
  visitor.kind = CallerKind::visitor;
  EXPECT_FALSE(covers(ended_at(1, {kSession}, true), visitor));
}

TEST(EndedSessions, knows_sessions_and_the_tokens_a_person_had_until_then) {
  EndedSessions ended;
  EXPECT_FALSE(ended.has(kSession, kPerson, 50));
  ended.note(ended_at(100, {kSession}), 100);
  EXPECT_TRUE(ended.has(kSession, kPerson, 50));
  EXPECT_FALSE(ended.has(kOther, kPerson, 50));
  EXPECT_FALSE(ended.has("", kPerson, 50));
  ended.note(ended_at(100, {}, true), 100);
  EXPECT_TRUE(ended.has(kOther, kPerson, 100));
  EXPECT_TRUE(ended.has("", kPerson, 0));
  EXPECT_FALSE(ended.has(kOther, kPerson, 101)) << "made after the person was let in again";
}

TEST(EndedSessions, forgets_what_no_token_can_have_any_more) {
  EndedSessions ended;
  ended.note(ended_at(100, {kSession}), 100);
  ended.note(ended_at(100 + kEndedSessionKeptS, {kOther}), 100 + kEndedSessionKeptS);
  EXPECT_FALSE(ended.has(kSession, kPerson, 50));
  EXPECT_TRUE(ended.has(kOther, kPerson, 50));
  EXPECT_EQ(ended.size(), 1u);
}

TEST(EndedSessions, keeps_the_newest_when_there_are_too_many) {
  EndedSessions ended;
  for (size_t i = 0; i < kEndedSessionsMax + 10; ++i) {
    ended.note(ended_at(100, {std::to_string(i)}), 100);
  }
  EXPECT_EQ(ended.size(), kEndedSessionsMax);
  EXPECT_FALSE(ended.has("0", kPerson, 0));
  EXPECT_TRUE(ended.has(std::to_string(kEndedSessionsMax + 9), kPerson, 0));
}

}  // namespace
}  // namespace chatpad::edge

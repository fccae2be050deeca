#include "runtime/wire/sse.h"

#include <gtest/gtest.h>

namespace chatpad::wire {
namespace {

using Events = std::vector<SseEvent>;

std::string show(const Events& events) {
  std::string out;
  for (const SseEvent& e : events) out += "[" + e.id + "|" + e.type + "|" + e.data + "]";
  return out;
}

std::string read_whole(std::string_view text) {
  SseParser parser;
  Events events;
  EXPECT_TRUE(parser.feed(text, events).ok());
  return show(events);
}

std::string read_by_byte(std::string_view text) {
  SseParser parser;
  Events events;
  for (const char c : text) EXPECT_TRUE(parser.feed(std::string_view(&c, 1), events).ok());
  return show(events);
}

TEST(SseWriter, WritesTheFieldsInAFixedOrder) {
  std::string out;
  append_sse_event(out, SseEvent{"7", "token", R"({"type":"token"})"});
  EXPECT_EQ(out, "id: 7\nevent: token\ndata: {\"type\":\"token\"}\n\n");
}

TEST(SseWriter, LeavesOutWhatIsEmptyButNeverTheData) {
  std::string out;
  append_sse_event(out, SseEvent{"", "", ""});
  EXPECT_EQ(out, "data: \n\n");
}

TEST(SseWriter, LinesOfDataStayLines) {
  std::string out;
  append_sse_event(out, SseEvent{"", "", "a\nb\r\nc\rd\n"});
  EXPECT_EQ(out, "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
}

TEST(SseWriter, NothingCanBreakOutOfAnIdOrType) {
  std::string out;
  append_sse_event(out, SseEvent{"1\ndata: evil", "x\r\n\r\nevent: y", "z"});
  append_sse_comment(out, "ping\n\ndata: evil");
  EXPECT_EQ(out, "id: 1data: evil\nevent: xevent: y\ndata: z\n\n: pingdata: evil\n\n");
}

TEST(SseWriter, WhatIsWrittenIsReadBack) {
  std::string out;
  append_sse_retry(out, 1500);
  append_sse_comment(out, "hello");
  append_sse_event(out, SseEvent{"1", "token", "two\nlines"});
  append_sse_event(out, SseEvent{"2", "", " leading blank"});
  EXPECT_EQ(read_whole(out), "[1|token|two\nlines][2|message| leading blank]");
  SseParser parser;
  Events events;
  EXPECT_TRUE(parser.feed(out, events).ok());
  EXPECT_EQ(parser.retry_ms(), 1500u);
  EXPECT_EQ(parser.last_event_id(), "2");
}

struct Golden {
  const char* text;
  const char* events;
};

const Golden kGolden[] = {
    // The examples of the standard's text and its corner cases.
    {"data: YHOO\ndata: +2\ndata: 10\n\n", "[|message|YHOO\n+2\n10]"},
    {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
     "[1|message|first event][|message|second event][|message| third event]"},
    {"data\n\ndata\ndata\n\ndata:", "[|message|][|message|\n]"},
    {"data:test\n\ndata: test\n\n", "[|message|test][|message|test]"},
    {"event: a\n\ndata: x\n\n", "[|message|x]"},
    {"event: a\ndata: x\n\ndata: y\n\n", "[|a|x][|message|y]"},
    {"id: 5\n\ndata: x\n\ndata: y\n\n", "[5|message|x][5|message|y]"},
    {"data: a\r\rdata: b\r\n\r\ndata: c\n\n", "[|message|a][|message|b][|message|c]"},
    {"data: a\r\n\rdata: b\n\r\n", "[|message|a][|message|b]"},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     "[|message|a]"},
    {"\xef\xbb"
     "data: a\n\n",
     ""},
    {"data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     "[|message|a]"},
    {"data: a\n\n\n\n\n", "[|message|a]"},
    {"unknown: x\ndata: a\nDATA: b\n\n", "[|message|a]"},
    {"data : a\n\n", ""},
    {" data: a\n\n", ""},
    {":\n:\n:data: x\n\n", ""},
    {"data: unfinished\n", ""},
    {"data: a:b: c\n\n", "[|message|a:b: c]"},
    {"", ""},
    {"\n\n\n", ""},
};

TEST(SseParser, FollowsTheGrammarHoweverTheBytesArrive) {
  for (const Golden& g : kGolden) {
    EXPECT_EQ(read_whole(g.text), g.events) << g.text;
    EXPECT_EQ(read_by_byte(g.text), g.events) << g.text;
    const std::string_view text = g.text;
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      SseParser parser;
      Events events;
      EXPECT_TRUE(parser.feed(text.substr(0, cut), events).ok());
      EXPECT_TRUE(parser.feed("", events).ok());
      EXPECT_TRUE(parser.feed(text.substr(cut), events).ok());
      EXPECT_EQ(show(events), g.events) << g.text << " cut at " << cut;
    }
  }
}

TEST(SseParser, AnIdWithNulIsIgnored) {
  EXPECT_EQ(read_whole(std::string_view("id: 1\nid: a\0b\ndata: x\n\n", 23)), "[1|message|x]");
}

TEST(SseParser, OnlyDigitsMakeARetryTime) {
  for (const char* bad :
       {"retry: 1x\n", "retry: -1\n", "retry:\n", "retry: 1.5\n", "retry: 99999999999\n"}) {
    SseParser parser;
    Events events;
    EXPECT_TRUE(parser.feed(bad, events).ok());
    EXPECT_EQ(parser.retry_ms(), 0u) << bad;
  }
  SseParser parser;
  Events events;
  EXPECT_TRUE(parser.feed("retry: 9999999999\n", events).ok());
  EXPECT_EQ(parser.retry_ms(), 86'400'000u) << "a day at most";
}

TEST(SseParser, ALineBeyondItsLimitFailsTheStreamForGood) {
  SseParser parser(SseLimits{.line_bytes_max = 10, .event_bytes_max = 100});
  Events events;
  EXPECT_TRUE(parser.feed("data: abcd\n\n", events).ok());
  EXPECT_TRUE(parser.feed("data: abc", events).ok());
  const auto failed = parser.feed("de", events);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().errc, Errc::upstream_failed);
  EXPECT_FALSE(parser.feed("\n\ndata: x\n\n", events).ok());
  EXPECT_EQ(show(events), "[|message|abcd]");
}

TEST(SseParser, AnEventBeyondItsLimitFailsTheStream) {
  SseParser parser(SseLimits{.line_bytes_max = 100, .event_bytes_max = 10});
  Events events;
  EXPECT_TRUE(parser.feed("data: 1234\ndata: 123", events).ok());
  EXPECT_TRUE(parser.feed("\n\n", events).ok());
  EXPECT_TRUE(parser.feed("data: 1234\ndata: 12345", events).ok());
  EXPECT_FALSE(parser.feed("6\n", events).ok());
  EXPECT_EQ(events.size(), 1u);
}

TEST(SseParser, EndlessEmptyDataLinesAreBoundedToo) {
  SseParser parser(SseLimits{.line_bytes_max = 100, .event_bytes_max = 1000});
  Events events;
  bool failed = false;
  for (int i = 0; i < 2000 && !failed; ++i) failed = !parser.feed("data\n", events).ok();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace chatpad::wire

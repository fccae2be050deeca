#include "functions/shared/ai/model_stream.h"

#include <gtest/gtest.h>

namespace chatpad::functions::ai {
namespace {

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

constexpr std::string_view kOpenAi =
    "data: "
    "{\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":"
    "\"\"},\"finish_reason\":null}],\"usage\":null}\n\n"
    ": ping\r\n\r\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Gr\xc3\xbc\"}}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\",\"content\":\"n\"}},{"
    "\"index\":1,"
    "\"delta\":{\"content\":\"other\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

constexpr std::string_view kAnthropic =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"model\":\"c\",\"usage\":{"
    "\"input_tokens\":4,\"cache_read_input_tokens\":3,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
    "\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
    "\"thinking_delta\",\"thinking\":\"hm\"}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
    "\"text_delta\",\"text\":\"Hi\"}}\n\n"
    "event: new_thing\ndata: {\"type\":\"new_thing\"}\n\n"
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
    "\"usage\":{\"output_tokens\":18}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

TEST(ModelStream, ReadsChunksOfOpenAi) {
  ModelStream stream(Dialect::openai, ModelStream::Shape::events);
  std::vector<std::string> pieces;
  ASSERT_TRUE(stream.feed(kOpenAi, pieces).ok());
  EXPECT_TRUE(stream.complete());
  ASSERT_TRUE(stream.end(pieces).ok());
  EXPECT_EQ(pieces, (std::vector<std::string>{"Gr\xc3\xbc", "n"}));
  EXPECT_EQ(stream.model(), "m");
  EXPECT_EQ(stream.finish(), ModelStream::Finish::length);
  EXPECT_EQ(stream.input_tokens(), 3);
  EXPECT_EQ(stream.output_tokens(), 2);
}

TEST(ModelStream, PutsCallsOfToolsTogether) {
  const std::string openai =
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{"
      "\"name\":\"second\",\"arguments\":\"{\\\"q\\\":\"}}]}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"
      "\"name\":\"first\"}},{\"index\":1,\"function\":{\"arguments\":\"1}\"}}]}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
  for (size_t cut = 0; cut <= openai.size(); ++cut) {
    ModelStream stream(Dialect::openai, ModelStream::Shape::events);
    std::vector<std::string> pieces;
    ASSERT_TRUE(stream.feed(openai.substr(0, cut), pieces).ok());
    ASSERT_TRUE(stream.feed(openai.substr(cut), pieces).ok());
    EXPECT_EQ(stream.finish(), ModelStream::Finish::tool);
    ASSERT_EQ(stream.tool_calls().size(), 2U);
    EXPECT_EQ(stream.tool_calls()[0].name, "first");
    EXPECT_EQ(stream.tool_calls()[1].arguments, "{\"q\":1}");
  }
  ModelStream many(Dialect::openai, ModelStream::Shape::events);
  std::vector<std::string> pieces;
  ASSERT_TRUE(
      many.feed("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\","
                "\"function\":{\"name\":\"x\"}},{\"index\":4000000000,\"id\":\"b\"}]}}]}\n\n",
                pieces)
          .ok());
  EXPECT_TRUE(many.tool_calls().empty());
}

TEST(ModelStream, ReadsEventsOfAnthropic) {
  ModelStream stream(Dialect::anthropic, ModelStream::Shape::events);
  std::vector<std::string> pieces;
  ASSERT_TRUE(stream.feed(kAnthropic, pieces).ok());
  EXPECT_TRUE(stream.complete());
  EXPECT_EQ(joined(pieces), "Hi");
  EXPECT_EQ(stream.input_tokens(), 7);
  EXPECT_EQ(stream.output_tokens(), 18);
  EXPECT_EQ(stream.finish(), ModelStream::Finish::stop);
}

TEST(ModelStream, ThatIsCutAnywhereBeforeItsEndSaysSo) {
  for (const Dialect dialect : {Dialect::openai, Dialect::anthropic}) {
    const std::string_view whole = dialect == Dialect::openai ? kOpenAi : kAnthropic;
    const size_t end_known = whole.find(dialect == Dialect::openai ? "length\"}]}" : "end_turn\"}");
    for (size_t cut = 0; cut < end_known; ++cut) {
      ModelStream stream(dialect, ModelStream::Shape::events);
      std::vector<std::string> pieces;
      ASSERT_TRUE(stream.feed(whole.substr(0, cut), pieces).ok());
      EXPECT_FALSE(stream.end(pieces).ok()) << cut;
    }
  }
}

TEST(ModelStream, FailsWithWhatTheServiceReports) {
  ModelStream stream(Dialect::compatible, ModelStream::Shape::events);
  std::vector<std::string> pieces;
  EXPECT_FALSE(
      stream
          .feed("data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"later\"}}\n\n",
                pieces)
          .ok());
  ASSERT_TRUE(stream.failure().has_value());
  EXPECT_EQ(stream.failure()->kind, UpstreamFailure::Kind::busy);
  EXPECT_EQ(stream.failure()->words, "later");
  EXPECT_FALSE(stream.feed("data: {}\n\n", pieces).ok());
}

TEST(ModelStream, ReadsAWholeDocument) {
  ModelStream stream(Dialect::compatible, ModelStream::Shape::document);
  std::vector<std::string> pieces;
  ASSERT_TRUE(
      stream.feed(R"({"choices":[{"index":0,"message":{"content":[{"type":"te)", pieces).ok());
  ASSERT_TRUE(stream.feed(R"(xt","text":"Hi"}]},"finish_reason":"stop"}]})", pieces).ok());
  ASSERT_TRUE(stream.end(pieces).ok());
  EXPECT_EQ(joined(pieces), "Hi");
}

TEST(ModelStream, LeavesOutControlsThatNoTextMayHold) {
  ModelStream stream(Dialect::compatible, ModelStream::Shape::events);
  std::vector<std::string> pieces;
  ASSERT_TRUE(
      stream
          .feed("data: {\"choices\":[{\"delta\":{\"content\":\"a\\u0000\\u001bb\\n\"}}]}\n\n",
                pieces)
          .ok());
  EXPECT_EQ(joined(pieces), "ab\n");
}

}  // namespace
}  // namespace chatpad::functions::ai

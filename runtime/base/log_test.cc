#include "runtime/base/log.h"

#include <gtest/gtest.h>

#include <functional>

namespace chatpad {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  log::append_escaped(out, text);
  return out;
}

std::string logged(const std::function<void()>& act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, NothingInAValueCanBreakOrColourALine) {
  EXPECT_EQ(escaped("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(escaped("a\nb\r\x1b[31m"), "a\\nb\\u000d\\u001b[31m");
  EXPECT_EQ(escaped(std::string_view("\0\x7f", 2)), "\\u0000\\u007f");
  EXPECT_EQ(escaped("\xff\xc0\xaf"), "\\ufffd\\ufffd\\ufffd");
  EXPECT_EQ(escaped("\xc3\xa9"), "\xc3\xa9");
}

TEST(Log, ALineIsOneJsonObject) {
  const std::string line = logged([] {
    log::Line(LogLevel::warn, "some_event").field("text", "a\nb").field("count", 3).field("x", 0.5);
  });
  EXPECT_EQ(line.find("{\"time\":\""), 0u);
  EXPECT_NE(line.find(R"("level":"warn","event":"some_event","text":"a\nb","count":3,"x":0.500)"),
            std::string::npos);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Log, LinesBelowTheLevelAreNotWritten) {
  const LogLevel before = log::level();
  log::set_level(LogLevel::error);
  EXPECT_EQ(logged([] { log::Line(LogLevel::warn, "quiet").field("a", 1); }), "");
  log::set_level(before);
}

TEST(Log, LongValuesAreCut) {
  const std::string line =
      logged([] { log::Line(LogLevel::error, "big").field("v", std::string(100'000, 'x')); });
  EXPECT_LT(line.size(), log::kFieldBytesMax + 200);
}

}  // namespace
}  // namespace chatpad

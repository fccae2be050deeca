#include "realtime/changes/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "realtime/changes/why_policies.h"

namespace chatpad::realtime {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

LoopReport loop_with(int loop, uint64_t deliveries) {
  LoopReport report;
  report.loop = loop;
  report.answered = true;
  report.hub.stats.sessions = 3;
  report.hub.stats.deliveries = deliveries;
  return report;
}

RealtimeReport report_at(uint64_t at_ms, uint64_t deliveries) {
  RealtimeReport report;
  report.at_ms = at_ms;
  report.loops = {loop_with(0, deliveries), loop_with(1, deliveries)};
  report.feed.live = true;
  report.feed_slot = "chatpad_a";
  report.wal.limit_bytes = 1000;
  report.wal.slots = {{"chatpad_a", "reserved", 700, 10}};
  return report;
}

TEST(report_json, has_rates_of_each_loop_and_of_all) {
  const json said = json::parse(report_json(report_at(1000, 100), report_at(3000, 400), 10));
  EXPECT_EQ(said["sockets"], 6);
  EXPECT_EQ(said["per_s"]["deliveries"], 300);
  EXPECT_EQ(said["loops"][1]["per_s"]["deliveries"], 150);
  EXPECT_EQ(said["feed"]["kept_bytes"], 700);
  EXPECT_EQ(said["wal"]["kept_bytes"], 700);
  EXPECT_EQ(said["changes"]["slot"], "");
}

TEST(report_json, has_no_negative_rate_when_a_program_began_anew_and_none_of_no_time) {
  const json restarted = json::parse(report_json(report_at(1000, 500), report_at(2000, 5), 10));
  EXPECT_EQ(restarted["per_s"]["deliveries"], 0);
  const json at_once = json::parse(report_json(report_at(1000, 5), report_at(1000, 5), 10));
  EXPECT_EQ(at_once["per_s"]["deliveries"], 0);
}

TEST(report_json, names_reasons_that_occurred_and_no_other) {
  RealtimeReport now = report_at(2000, 0);
  now.loops[0].hub.stats.dropped_rate = 2;
  now.loops[1].hub.stats.dropped_rate = 3;
  now.loops[1].hub.stats.count_refusal(Code::join_rate);
  now.loops[0].hub.stats.count_close(Close::slow_reader);
  const json said = json::parse(report_json(report_at(1000, 0), now, 10));
  EXPECT_EQ(said["drops"], (json{{"rate", 5}}));
  EXPECT_EQ(said["refusals"], (json{{"join_rate", 1}}));
  EXPECT_EQ(said["closes"], (json{{"slow_reader", 1}}));
}

TEST(report_text, says_which_loop_does_not_answer_and_that_the_log_is_kept) {
  RealtimeReport now = report_at(2000, 0);
  now.loops[1].answered = false;
  now.wal_alarm = true;
  const std::string text = report_text(report_at(1000, 0), now, 10);
  EXPECT_THAT(text, HasSubstr("1     does not answer"));
  EXPECT_THAT(text, HasSubstr("700 B of 1000 B, ALARM"));
  EXPECT_THAT(text, HasSubstr("nobody wants any"));
}

TEST(report_text, shows_what_tenants_named_without_control_characters) {
  RealtimeReport now = report_at(2000, 0);
  now.loops[0].hub.topics = {{"a\x1b[2Jb\nc", Privacy::open, 1, 1.0}};
  now.loops[0].personas = {{"authenticated", "x\x07y", 1, 0, 2, 3000}};
  const std::string text = report_text(report_at(1000, 0), now, 10);
  EXPECT_THAT(text, HasSubstr("a?[2Jb?c"));
  EXPECT_THAT(text, HasSubstr("x?y"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(printable, cuts_at_whole_characters_and_takes_controls_of_two_bytes_out) {
  EXPECT_EQ(printable("häll\xc3\xb6", 10), "häll\xc3\xb6");
  EXPECT_EQ(printable("\xc3\xb6\xc3\xb6\xc3\xb6", 2), "\xc3\xb6\xc3\xb6...");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "31mb",
                      20),
            "a?31mb");
  EXPECT_EQ(printable("\x7f\t", 20), "??");
}

PolicyFinding policy(const char* name, const char* kind, const char* result) {
  PolicyFinding finding;
  finding.name = name;
  finding.kind = kind;
  finding.result = result;
  finding.problem = finding.result == "raises" ? "22012 division by zero" : "";
  return finding;
}

TEST(objection_of, is_empty_when_one_permissive_and_every_restrictive_policy_is_true) {
  EXPECT_EQ(
      objection_of({policy("a", "permissive", "false"), policy("b", "permissive", "true"),
                    policy("c", "restrictive", "true"), policy("d", "restrictive", "other roles")},
                   "anon"),
      "");
}

TEST(objection_of, names_the_policy_that_said_no) {
  EXPECT_THAT(
      objection_of({policy("a", "permissive", "true"), policy("c", "restrictive", "null")}, "anon"),
      HasSubstr("restrictive policy c is null"));
  EXPECT_THAT(
      objection_of({policy("a", "permissive", "false"), policy("b", "permissive", "null")}, "anon"),
      HasSubstr("a is false, b is null"));
  EXPECT_THAT(objection_of({policy("a", "permissive", "raises")}, "anon"),
              HasSubstr("a raises (22012 division by zero)"));
  EXPECT_THAT(objection_of({policy("a", "permissive", "other roles")}, "visitor"),
              HasSubstr("no permissive policy is for role visitor"));
}

TEST(explanation_text, keeps_what_the_database_says_on_one_line) {
  Explanation explanation;
  explanation.subscriber = "anon";
  explanation.add(Said::no, "It says\nno\x1b.");
  explanation.verdict = "No.";
  EXPECT_THAT(explanation_text(explanation), HasSubstr("  no    It says no?.\n"));
  EXPECT_EQ(json::parse(explanation_json(explanation))["findings"][0]["result"], "no");
}

}  // namespace
}  // namespace chatpad::realtime

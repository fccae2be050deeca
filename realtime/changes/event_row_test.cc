#include "realtime/changes/event_row.h"

#include <gtest/gtest.h>

namespace chatpad::realtime {
namespace {

using pg::pgoutput::Kind;
using pg::pgoutput::Relation;
using pg::pgoutput::Tuple;
using pg::pgoutput::Value;

struct Row {
  Relation relation;
  Tuple tuple;
  void add(const char* name, std::string_view text, Kind kind = Kind::text) {
    pg::pgoutput::RelationColumn column;
    column.name = name;
    relation.columns.push_back(column);
    Value value;
    value.kind = kind;
    value.text = text;
    tuple.push_back(value);
  }
};

TEST(EventRow, ReadsEveryColumnOfADurableEvent) {
  Row row;
  row.add("topic", "conversation:1");
  row.add("extension", "broadcast");
  row.add("payload", R"({"message": {"id": 1}})");
  row.add("event", "message.created");
  row.add("private", "t");
  row.add("id", "7f9c2b0e-0000-4000-8000-000000000001");
  row.add("binary_payload", "", Kind::null);
  row.add("also_topics", R"({account:2,"a\"b,c"})");
  row.add("seq", "12");
  row.add("xid", "749");
  const auto event = event_of_row(row.relation, row.tuple);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->topic, "conversation:1");
  EXPECT_EQ(event->event, "message.created");
  EXPECT_TRUE(event->is_private);
  EXPECT_EQ(event->seq, 12);
  EXPECT_EQ(event->xid, "749");
  EXPECT_EQ(event->also_topics, (std::vector<std::string>{"account:2", "a\"b,c"}));
  EXPECT_EQ(event->payload_json, R"({"message": {"id": 1}})");
}

TEST(EventRow, LeavesOutWhatIsNotForDelivery) {
  Row presence;
  presence.add("topic", "a");
  presence.add("event", "e");
  presence.add("extension", "presence");
  EXPECT_FALSE(event_of_row(presence.relation, presence.tuple));
  Row nameless;
  nameless.add("topic", "a");
  nameless.add("extension", "broadcast");
  nameless.add("event", "", Kind::null);
  EXPECT_FALSE(event_of_row(nameless.relation, nameless.tuple));
  EXPECT_FALSE(event_of_row(Relation(), Tuple()));
  Row few;  // fewer values than columns
  few.add("extension", "broadcast");
  few.tuple.clear();
  EXPECT_FALSE(event_of_row(few.relation, few.tuple));
}

TEST(EventRow, OnlyARowThatSaysSoIsPublic) {
  const auto is_private = [](std::string_view text, Kind kind) {
    Row row;
    row.add("topic", "a");
    row.add("event", "e");
    row.add("extension", "broadcast");
    row.add("private", text, kind);
    return event_of_row(row.relation, row.tuple)->is_private;
  };
  EXPECT_FALSE(is_private("f", Kind::text));
  EXPECT_TRUE(is_private("t", Kind::text));
  EXPECT_TRUE(is_private("", Kind::null));
  Row none;
  none.add("topic", "a");
  none.add("event", "e");
  none.add("extension", "broadcast");
  EXPECT_TRUE(event_of_row(none.relation, none.tuple)->is_private);
}

TEST(EventRow, ParsesArraysAndBytes) {
  EXPECT_EQ(parse_text_array("{}"), std::vector<std::string>());
  EXPECT_EQ(parse_text_array("{NULL,\"NULL\",x}"), (std::vector<std::string>{"NULL", "x"}));
  for (const char* bad : {"", "{", "x", "{\"a}", "{a\"b}", "{\"a\"b}", "{\"a\\", "{a,}", "{,}"}) {
    EXPECT_FALSE(parse_text_array(bad)) << bad;
  }
  EXPECT_EQ(parse_bytea("\\x00fF"), std::string("\0\xff", 2));
  EXPECT_FALSE(parse_bytea("\\x0"));
  EXPECT_FALSE(parse_bytea("\\xzz"));
  EXPECT_FALSE(parse_bytea("00"));
}

}  // namespace
}  // namespace chatpad::realtime

#include "realtime/changes/value_json.h"

#include <gtest/gtest.h>

#include "realtime/changes/render.h"
#include "realtime/changes/visibility.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

TypeRef make(TypeKind kind, TypeRef element = nullptr) {
  auto type = std::make_shared<ColumnType>();
  type->kind = kind;
  type->element = std::move(element);
  return type;
}

std::string json(const TypeRef& type, std::string_view text) {
  std::string out;
  append_value_json(out, *type, text);
  EXPECT_TRUE(wire::check_json(out)) << out;
  return out;
}

TEST(ValueJson, numbers_stay_numbers_unless_json_has_none) {
  EXPECT_EQ(json(make(TypeKind::integer), "-7"), "-7");
  EXPECT_EQ(json(make(TypeKind::numeric), "12.50"), "12.50");
  EXPECT_EQ(json(make(TypeKind::floating), "1e+20"), "1e+20");
  EXPECT_EQ(json(make(TypeKind::floating), "NaN"), R"("NaN")");
  EXPECT_EQ(json(make(TypeKind::numeric), "-Infinity"), R"("-Infinity")");
  for (const char* odd : {"", "-", "01", "1.", ".5", "1e", "0x1", "1 "}) {
    EXPECT_EQ(json(make(TypeKind::integer), odd), wire::json_string(odd));
  }
}

TEST(ValueJson, timestamps_are_iso_8601) {
  EXPECT_EQ(json(make(TypeKind::timestamp), "2026-01-02 03:04:05.6"), R"("2026-01-02T03:04:05.6")");
  EXPECT_EQ(json(make(TypeKind::timestamptz), "2026-01-02 03:04:05+00"),
            R"("2026-01-02T03:04:05+00:00")");
  EXPECT_EQ(json(make(TypeKind::timestamptz), "0044-03-15 00:00:00+00 BC"),
            R"("0044-03-15T00:00:00+00:00 BC")");
  EXPECT_EQ(json(make(TypeKind::timestamptz), "infinity"), R"("infinity")");
}

TEST(ValueJson, arrays_nest) {
  const TypeRef ints = make(TypeKind::array, make(TypeKind::integer));
  EXPECT_EQ(json(ints, "{1,NULL,3}"), "[1,null,3]");
  EXPECT_EQ(json(ints, "{}"), "[]");
  EXPECT_EQ(json(ints, "{{1,2},{3,4}}"), "[[1,2],[3,4]]");
  EXPECT_EQ(json(ints, "[2:3]={1,2}"), "[1,2]");
  const TypeRef texts = make(TypeKind::array, make(TypeKind::text));
  EXPECT_EQ(json(texts, R"({a,"b,c","NULL","q\"\\","{x}"})"),
            R"(["a","b,c","NULL","q\"\\","{x}"])");
  for (const char* odd : {"", "{", "}", "{\"", "{{1}", "[1:2]", "{\\"}) {
    EXPECT_EQ(json(texts, odd), wire::json_string(odd)) << odd;
  }
  EXPECT_FALSE(json(ints, std::string(5000, '{') + std::string(5000, '}')).empty());
}

TEST(ValueJson, composites_become_objects) {
  auto pair = std::make_shared<ColumnType>();
  pair->kind = TypeKind::composite;
  pair->fields.emplace_back("a", make(TypeKind::integer));
  pair->fields.emplace_back("b \"c\"", make(TypeKind::text));
  EXPECT_EQ(json(pair, R"x((1,"x ""y"", \\"))x"), R"x({"a":1,"b \"c\"":"x \"y\", \\"})x");
  EXPECT_EQ(json(pair, "(,)"), R"({"a":null,"b \"c\"":null})");
  EXPECT_EQ(json(pair, "(1)"), R"x("(1)")x");
}

TEST(Render, times_are_utc_with_milliseconds) {
  EXPECT_EQ(iso_ms(1'790'000'000'123'456), "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(iso_ms(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Visibility, a_snapshot_says_what_had_finished) {
  const SeenBy seen("90:100:92,97");
  EXPECT_TRUE(seen.has_finished(91));
  EXPECT_FALSE(seen.has_finished(92));
  EXPECT_FALSE(seen.has_finished(97));
  EXPECT_TRUE(seen.has_finished(99));
  EXPECT_FALSE(seen.has_finished(100));
  // Past the 32nd bit, ids go round.
  const SeenBy later("4294967290:4294967301:");
  EXPECT_TRUE(later.has_finished(4294967295u));
  EXPECT_TRUE(later.has_finished(4));
  EXPECT_FALSE(later.has_finished(5));
  EXPECT_FALSE(SeenBy("").has_finished(7));
}

TEST(Visibility, array_elements_are_quoted) {
  std::string literal = "{";
  append_array_element(literal, "a\"b\\");
  append_array_element(literal, "");
  EXPECT_EQ(literal, R"({"a\"b\\","")");
}

// ---- Batches ------------------------------------------------------------------------------------

struct BatchTest : ::testing::Test {
  BatchTest() {
    auto made = std::make_shared<Table>();
    made->schema = "public";
    made->name = "t";
    made->columns = {{"id", 1, make(TypeKind::integer)},
                     {"owner", 2, make(TypeKind::text)},
                     {"body", 3, make(TypeKind::text)}};
    made->key = {0};
    table = made;
    relation.columns.resize(3);
    relation.columns[0].key = pg::pgoutput::KeyPart::yes;
  }
  static pg::pgoutput::Value text(std::string_view of) { return {pg::pgoutput::Kind::text, of}; }
  TableRef table;
  pg::pgoutput::Relation relation;
  pg::pgoutput::Begin begin;
  std::shared_ptr<Budget> budget = std::make_shared<Budget>();
  std::vector<bool> all = {true, true, true};
};

TEST_F(BatchTest, an_update_without_old_row_has_the_identity_as_old_record) {
  ChangeBatch batch(budget);
  const pg::pgoutput::Tuple row = {text("7"), text("o"), {pg::pgoutput::Kind::unchanged, {}}};
  batch.add(ChangeType::update, table, begin, &row, nullptr, pg::pgoutput::OldRow::none, relation);
  const std::string data =
      render_change(batch, batch.changes()[0], all, OldShown::identity, Problem::none);
  EXPECT_NE(data.find(R"("record":{"id":7,"owner":"o"},"old_record":{"id":7},"errors":null})"),
            std::string::npos)
      << data;
}

TEST_F(BatchTest, a_deleted_key_does_not_pass_nulls_for_values) {
  ChangeBatch batch(budget);
  const pg::pgoutput::Tuple key = {text("7"), {}, {}};
  batch.add(ChangeType::remove, table, begin, nullptr, &key, pg::pgoutput::OldRow::key, relation);
  const std::string data =
      render_change(batch, batch.changes()[0], all, OldShown::identity, Problem::none);
  EXPECT_NE(data.find(R"("old_record":{"id":7})"), std::string::npos) << data;
  EXPECT_EQ(data.find(R"("record":)"), data.find(R"("record":{"id")")) << data;
}

TEST_F(BatchTest, a_row_over_the_limit_keeps_its_small_values) {
  ChangeBatch batch(budget);
  const std::string big(2 * 1024 * 1024, 'x');
  const pg::pgoutput::Tuple row = {text("7"), text("small"), text(big)};
  batch.add(ChangeType::insert, table, begin, &row, nullptr, pg::pgoutput::OldRow::none, relation);
  EXPECT_LT(batch.bytes(), 1000u);
  const std::string data =
      render_change(batch, batch.changes()[0], all, OldShown::identity, Problem::none);
  EXPECT_NE(data.find(R"("record":{"id":7,"owner":"small"})"), std::string::npos) << data;
  EXPECT_NE(data.find("Error 413: Payload Too Large"), std::string::npos);
}

TEST_F(BatchTest, what_may_not_be_shown_is_not_named) {
  ChangeBatch batch(budget);
  const pg::pgoutput::Tuple row = {text("7"), text("secret"), text("b")};
  batch.add(ChangeType::insert, table, begin, &row, nullptr, pg::pgoutput::OldRow::none, relation);
  const Change& change = batch.changes()[0];
  const std::string some =
      render_change(batch, change, {true, false, true}, OldShown::identity, Problem::none);
  EXPECT_EQ(some.find("owner"), std::string::npos);
  const std::string none =
      render_change(batch, change, all, OldShown::identity, Problem::unauthorized);
  EXPECT_NE(none.find(R"("columns":[],"record":{},"errors":["Error 401: Unauthorized"])"),
            std::string::npos)
      << none;
}

TEST_F(BatchTest, the_budget_is_given_back) {
  {
    ChangeBatch batch(budget);
    const pg::pgoutput::Tuple row = {text("7"), text("o"), text("b")};
    batch.add(ChangeType::insert, table, begin, &row, nullptr, pg::pgoutput::OldRow::none,
              relation);
    batch.count();
    EXPECT_GT(budget->bytes.load(), 0u);
  }
  EXPECT_EQ(budget->bytes.load(), 0u);
}

}  // namespace
}  // namespace chatpad::realtime

// What changes learn of PostgreSQL's catalogue, and what its policies answer: types, tables, rights
// and requests, against a database of its own.
#include <gtest/gtest.h>

#include "realtime/changes/describe.h"
#include "realtime/changes/visibility.h"
#include "runtime/pg/testing.h"

namespace chatpad::realtime {
namespace {

using pg::testing::Stage;
using pg::testing::TestDatabase;

constexpr const char* kDatabase = "catalogue";
constexpr const char* kRoles = R"(
  do $$
  declare r text;
  begin
    foreach r in array array['chatpad_owner', 'anon', 'authenticated', 'authenticator'] loop
      if not exists (select from pg_roles where rolname = r) then
        execute format('create role %I %s', r,
          case r when 'authenticator' then 'login noinherit' else 'nologin' end);
      end if;
    end loop;
  end $$;
  grant anon, authenticated to authenticator;
)";
constexpr const char* kTables = R"(
  create schema closed;
  create type mood as enum ('sad', 'it''s "ok"', 'happy');
  create domain amount as numeric(10,2) check (value >= 0);
  create domain price as amount;
  create type point3 as (x int, "odd ""name""" text, tags text[]);
  create type nested as (p point3, m mood);
  create domain tagged as text[];
  create table kinds (id bigint primary key, c_domain price, c_enum mood, c_ints int[],
    c_moods mood[], c_comp nested, c_comps point3[], c_tagged tagged, c_range int4range,
    c_bits bit(3), c_char char(4), c_json json, c_jsonb jsonb, c_uuid uuid, c_tz timestamptz,
    c_two int generated always as (1 + 1) stored);

  create table owned (a int, b text, owner text not null, secret text, loose text,
    twice int generated always as (a * 2) stored, primary key (b, a));
  alter table owned enable row level security;
  create policy owner_reads on owned for select to authenticated
    using (owner = current_setting('request.jwt.claims', true)::jsonb ->> 'sub');
  grant select (a, b, owner, loose, twice) on owned to authenticated;
  insert into owned values (1, 'one', 'ann', 's', 'l'), (2, 'two', 'bob', 's', 'l'),
    (3, 'it''s', 'ann', 's', 'l');

  create table nokey (n int, owner text);
  grant select on nokey to authenticated;
  insert into nokey values (1, 'ann');

  create table parts (id int, at date, owner text, primary key (id, at)) partition by range (at);
  create table parts_1 partition of parts for values from ('2026-01-01') to ('2027-01-01');
  alter table parts enable row level security;
  create policy owner_reads on parts for select to authenticated
    using (owner = current_setting('request.jwt.claims', true)::jsonb ->> 'sub');
  grant select on parts to authenticated;
  insert into parts values (1, '2026-05-05', 'ann'), (2, '2026-05-05', 'bob');

  create table raising (id int primary key, d int);
  alter table raising enable row level security;
  create policy divides on raising for select to authenticated using (1 / d > 0);
  grant select on raising to authenticated;
  insert into raising values (1, 1), (2, 0);

  create table slow (id int primary key);
  alter table slow enable row level security;
  create policy sleeps on slow for select to authenticated using (pg_sleep(20) is not null);
  grant select on slow to authenticated;
  insert into slow values (1);

  create table whole (id int primary key, n int);
  alter table whole enable row level security;
  create policy whole_row on whole for select to authenticated using (whole is not null);
  grant select on whole to authenticated;

  create table closed.inside (id int primary key);
  grant select on closed.inside to authenticated;
  insert into closed.inside values (1);

  create table moving (id int primary key, old_name text, gone text);
  grant select on moving to authenticated;
  insert into moving values (1, 'x', 'y');
  create table dropped (id int primary key);
  create publication supabase_realtime for table kinds, owned, nokey, parts, raising, whole,
    closed.inside, moving with (publish_via_partition_root = true);
)";

void prepare() {
  static bool done = false;
  if (std::exchange(done, true)) return;
  TestDatabase::sql(kRoles);
  TestDatabase::sql(std::string("create database ") + kDatabase);
  TestDatabase::sql(kTables, kDatabase);
}

void run(Task<void> (*scenario)(Stage*)) {
  prepare();
  pg::testing::run_scenario(
      scenario, pg::testing::pool_options(TestDatabase::conninfo("authenticator", kDatabase)));
}

// As the log announces it: no generated columns.
pg::pgoutput::Relation relation_of(const std::string& table) {
  const pg::Rows rows = TestDatabase::sql(
      "select c.oid, a.attname, a.atttypid from pg_class c join pg_attribute a on a.attrelid = "
      "c.oid "
      "where c.oid = '" +
          table +
          "'::regclass and a.attnum > 0 and not a.attisdropped "
          "and a.attgenerated = '' order by a.attnum",
      kDatabase);
  pg::pgoutput::Relation relation;
  relation.id = static_cast<uint32_t>(rows.integer(0, 0));
  for (int i = 0; i < rows.size(); ++i) {
    pg::pgoutput::RelationColumn column;
    column.name = rows.str(i, 1);
    column.type_oid = static_cast<uint32_t>(rows.integer(i, 2));
    relation.columns.push_back(std::move(column));
  }
  return relation;
}

pg::Claims claims_of(const char* sub, pg::Role role = pg::Role::authenticated) {
  pg::Claims claims;
  claims.role = role;
  claims.json = std::string(R"({"role":"authenticated","sub":")") + sub + R"("})";
  return claims;
}

using Row = std::vector<std::optional<std::string>>;
constexpr const char* kMissing = "(a value that the log leaves out)";

// A batch of inserted rows, to ask about.
class Asked {
 public:
  Asked(TableRef table, const pg::pgoutput::Relation& relation, const std::vector<Row>& rows)
      : batch_(std::make_shared<Budget>()),
        visible(table->visible_in, table->row_columns, *table),
        deleted(table->deleted_in, 0, *table) {
    for (const Row& row : rows) {
      pg::pgoutput::Tuple tuple;
      for (const auto& value : row) {
        pg::pgoutput::Value held;
        if (value) held = pg::pgoutput::Value{pg::pgoutput::Kind::text, *value};
        if (value == kMissing) held = pg::pgoutput::Value{pg::pgoutput::Kind::unchanged, ""};
        tuple.push_back(held);
      }
      batch_.add(ChangeType::insert, table, pg::pgoutput::Begin(), &tuple, nullptr,
                 pg::pgoutput::OldRow::none, relation);
    }
  }
  Asked& all_visible() {
    for (const Change& change : batch_.changes()) visible.add(batch_, change.new_row);
    return *this;
  }
  Asked& all_deleted() {
    for (const Change& change : batch_.changes()) deleted.add(batch_, change.new_row);
    return *this;
  }

 private:
  ChangeBatch batch_;

 public:
  CheckInput visible, deleted;
};

std::optional<Errc> errc_of(const std::exception_ptr& raised) {
  try {
    if (raised) std::rethrow_exception(raised);
  } catch (const Raised& error) {
    return error.error().errc;
  }
  return std::nullopt;
}

Task<void> types(Stage* stage) {
  const pg::pgoutput::Relation relation = relation_of("kinds");
  const TableRef table = co_await load_table(&stage->pool, relation);
  const auto type = [&table](const char* name) -> const ColumnType& {
    return *table->columns[static_cast<size_t>(table->column(name))].type;
  };
  EXPECT_EQ(table->column("c_two"), -1) << "a generated column is not in the log";
  EXPECT_EQ(type("c_domain").kind, TypeKind::numeric) << "a domain of a domain is its base";
  EXPECT_EQ(type("c_domain").name, "price");
  EXPECT_EQ(type("c_enum").kind, TypeKind::label);
  EXPECT_EQ(type("c_ints").kind, TypeKind::array);
  EXPECT_EQ(type("c_ints").name, "_int4");
  EXPECT_EQ(type("c_ints").element->kind, TypeKind::integer);
  EXPECT_EQ(type("c_moods").element->name, "mood");
  EXPECT_EQ(type("c_comp").kind, TypeKind::composite);
  EXPECT_EQ(type("c_comp").fields.size(), 2u);
  const ColumnType& inner = *type("c_comp").fields[0].second;
  EXPECT_EQ(inner.name, "point3");
  EXPECT_EQ(inner.fields.size(), 3u);
  EXPECT_EQ(inner.fields[1].first, "odd \"name\"");
  EXPECT_EQ(inner.fields[2].second->element->kind, TypeKind::text);
  EXPECT_EQ(type("c_comps").element->fields.size(), 3u);
  EXPECT_EQ(type("c_tagged").kind, TypeKind::array) << "a domain over an array is an array";
  EXPECT_EQ(type("c_tagged").name, "tagged");
  EXPECT_EQ(type("c_range").kind, TypeKind::other);
  EXPECT_EQ(type("c_char").kind, TypeKind::padded_text);
  EXPECT_EQ(type("c_json").kind, TypeKind::json);
  EXPECT_EQ(type("c_jsonb").kind, TypeKind::json);
  EXPECT_EQ(type("c_uuid").kind, TypeKind::uuid);
  EXPECT_EQ(type("c_tz").kind, TypeKind::timestamptz);
  const std::vector<uint32_t> unknown(1, 999999);
  const std::unordered_map<uint32_t, TypeRef> none = co_await load_types(&stage->pool, unknown);
  EXPECT_EQ(none.at(999999)->name, "text") << "a type that is gone is text";
}
TEST(Catalogue, TypesAreWhatTheyAreMadeOf) { run(types); }

Task<void> tables(Stage* stage) {
  const pg::pgoutput::Relation owned = relation_of("owned");
  const TableRef table = co_await load_table(&stage->pool, owned);
  EXPECT_EQ(table->schema, "public");
  EXPECT_EQ(table->rls, Rls::on);
  EXPECT_EQ(table->key, (std::vector<int>{1, 0})) << "in the key's order";
  EXPECT_EQ(table->policy_columns, std::vector<int>{2});
  EXPECT_TRUE(table->policies_known);
  EXPECT_FALSE(table->deleted_sql.empty());
  const pg::pgoutput::Relation nokey = relation_of("nokey");
  const TableRef without = co_await load_table(&stage->pool, nokey);
  EXPECT_TRUE(without->key.empty());
  EXPECT_EQ(without->rls, Rls::off);
  const pg::pgoutput::Relation whole = relation_of("whole");
  const TableRef whole_row = co_await load_table(&stage->pool, whole);
  EXPECT_EQ(whole_row->policy_columns.size(), 2u)
      << "a policy that reads the row reads every column";
  EXPECT_TRUE(whole_row->deleted_sql.empty()) << "a deleted row cannot be made again";
  pg::pgoutput::Relation cut = owned;
  cut.columns.erase(cut.columns.begin());
  const TableRef no_key_in_log = co_await load_table(&stage->pool, cut);
  EXPECT_EQ(no_key_in_log, nullptr) << "the key is not in the log";
  cut = owned;
  cut.columns.erase(cut.columns.begin() + 2);
  const TableRef no_policy_column = co_await load_table(&stage->pool, cut);
  EXPECT_FALSE(no_policy_column->policies_known);
  EXPECT_TRUE(no_policy_column->deleted_sql.empty());
}
TEST(Catalogue, ATableHasItsKeyAndWhatItsPoliciesRead) { run(tables); }

Task<void> personas(Stage* stage) {
  const pg::pgoutput::Relation relation = relation_of("owned");
  const TableRef table = co_await load_table(&stage->pool, relation);
  const std::vector<Row> rows = {{"1", "one", "ann", "s", "l"},
                                 {"2", "two", "bob", "s", "l"},
                                 {"3", "it's", "ann", "s", "l"},
                                 {"3", "it's", "bob", "s", "l"},
                                 {"9", "gone", "ann", "s", "l"}};
  Asked asked(table, relation, rows);
  asked.all_visible().all_deleted();
  const pg::Claims ann = claims_of("ann");
  const Verdict verdict =
      co_await check_rows(&stage->pool, ann, table, asked.visible, asked.deleted);
  EXPECT_TRUE(verdict.rls_active);
  EXPECT_EQ(verdict.visible, (std::vector<bool>{true, false, true, false, true}))
      << "the first row shows what the policies say to all of ann's";
  EXPECT_EQ(verdict.deleted_visible, (std::vector<bool>{true, false, true, false, true}))
      << "the policies judge the values the deleted row had";
  EXPECT_EQ(verdict.columns, (std::vector<bool>{true, true, true, false, true}))
      << "a column without a grant is not readable";
  EXPECT_EQ(verdict.policy_version, table->policy_version);
  const pg::Claims nobody = claims_of("ann'; drop table owned; --");
  const Verdict hostile =
      co_await check_rows(&stage->pool, nobody, table, asked.visible, asked.deleted);
  EXPECT_EQ(hostile.visible, std::vector<bool>(5, false));
  EXPECT_EQ(hostile.deleted_visible, std::vector<bool>(5, false));
}
TEST(Visibility, APersonaSeesItsRowsAndItsColumns) { run(personas); }

// What a persona may see of rows that are asked about together.
Task<std::vector<bool>> seen_by(Stage* stage, const char* sub, std::vector<Row> rows) {
  const pg::pgoutput::Relation relation = relation_of("owned");
  const TableRef table = co_await load_table(&stage->pool, relation);
  Asked asked(table, relation, rows);
  asked.all_visible();
  const pg::Claims claims = claims_of(sub);
  const Verdict verdict =
      co_await check_rows(&stage->pool, claims, table, asked.visible, asked.deleted);
  co_return verdict.visible;
}

Task<void> groups(Stage* stage) {
  const Row moved = {"3", "it's", "bob", "s", "l"}, gone = {"9", "g\"o\\ne, {}", "ann", "s", "l"};
  const Row anns = {"1", "one", "ann", "s", "l"}, bobs = {"2", "two", "bob", "s", "l"};
  const std::vector<Row> alone = {moved, gone, moved};
  const std::vector<bool> by_nobody = co_await seen_by(stage, "ann", alone);
  EXPECT_EQ(by_nobody, std::vector<bool>(3, false)) << "nothing shows what the policies say";
  const std::vector<bool> moved_by_bob = co_await seen_by(stage, "bob", alone);
  EXPECT_EQ(moved_by_bob, std::vector<bool>(3, false))
      << "a row whose owner changed meanwhile is left to its later change";
  const std::vector<Row> last = {gone, moved, anns, bobs};
  const std::vector<bool> by_ann = co_await seen_by(stage, "ann", last);
  EXPECT_EQ(by_ann, (std::vector<bool>{true, false, true, false})) << "whichever of them is there";
  const std::vector<bool> by_bob = co_await seen_by(stage, "bob", last);
  EXPECT_EQ(by_bob, (std::vector<bool>{false, true, false, true}));
  const std::vector<Row> unknown = {anns, {"1", "one", kMissing, "s", "l"}};
  const std::vector<bool> unproved = co_await seen_by(stage, "ann", unknown);
  EXPECT_EQ(unproved, (std::vector<bool>{true, false})) << "an owner the log does not tell";
}
TEST(Visibility, RowsThatArePolicyForPolicyAlikeShareAVerdict) { run(groups); }

Task<void> no_rights(Stage* stage) {
  const pg::pgoutput::Relation inside = relation_of("closed.inside");
  const pg::pgoutput::Relation owned = relation_of("owned");
  const TableRef closed = co_await load_table(&stage->pool, inside);
  const std::vector<Row> one(1, Row(1, "1"));
  Asked asked(closed, inside, one);
  asked.all_visible();
  const pg::Claims ann = claims_of("ann");
  std::exception_ptr raised;
  try {
    const Verdict verdict =
        co_await check_rows(&stage->pool, ann, closed, asked.visible, asked.deleted);
    EXPECT_TRUE(verdict.visible.empty()) << "a table in a schema without USAGE";
  } catch (const Raised&) {
    raised = std::current_exception();
  }
  EXPECT_EQ(errc_of(raised), Errc::forbidden);
  const bool readable = co_await may_read_key(&stage->pool, ann, closed);
  EXPECT_FALSE(readable);
  const TableRef table = co_await load_table(&stage->pool, owned);
  const bool by_person = co_await may_read_key(&stage->pool, ann, table);
  EXPECT_TRUE(by_person);
  const pg::Claims anon;
  const bool by_anon = co_await may_read_key(&stage->pool, anon, table);
  EXPECT_FALSE(by_anon);
}
TEST(Visibility, WithoutUsageOfTheSchemaNothingIsSeen) { run(no_rights); }

Task<void> raising(Stage* stage) {
  const pg::pgoutput::Relation relation = relation_of("raising");
  const TableRef table = co_await load_table(&stage->pool, relation);
  const std::vector<Row> good(1, Row(2, "1"));
  std::vector<Row> bad = good;
  bad.push_back({"2", "0"});
  Asked fine(table, relation, good), broken(table, relation, bad);
  fine.all_visible().all_deleted();
  broken.all_visible().all_deleted();
  const pg::Claims ann = claims_of("ann");
  std::exception_ptr raised;
  try {
    const Verdict verdict =
        co_await check_rows(&stage->pool, ann, table, broken.visible, broken.deleted);
    EXPECT_TRUE(verdict.visible.empty()) << "the policy divides by zero";
  } catch (const Raised&) {
    raised = std::current_exception();
  }
  EXPECT_EQ(errc_of(raised), Errc::validation_failed) << "class 22: the data's fault";
  const Verdict next = co_await check_rows(&stage->pool, ann, table, fine.visible, fine.deleted);
  EXPECT_EQ(next.visible, std::vector<bool>{true}) << "the next question is not harmed";
  EXPECT_EQ(next.deleted_visible, std::vector<bool>{true});
}
TEST(Visibility, APolicyThatRaisesFailsItsOwnQuestion) { run(raising); }

Task<void> slow(Stage* stage) {
  const pg::pgoutput::Relation relation = relation_of("slow");
  const TableRef table = co_await load_table(&stage->pool, relation);
  const std::vector<Row> one(1, Row(1, "1"));
  Asked asked(table, relation, one);
  asked.all_visible();
  const pg::Claims ann = claims_of("ann");
  std::exception_ptr raised;
  try {
    const Verdict verdict =
        co_await check_rows(&stage->pool, ann, table, asked.visible, asked.deleted);
    EXPECT_TRUE(verdict.visible.empty()) << "the policy sleeps";
  } catch (const Raised&) {
    raised = std::current_exception();
  }
  EXPECT_EQ(errc_of(raised), Errc::deadline_exceeded);
}
TEST(Visibility, APolicyThatTakesTooLongIsEnded) { run(slow); }

Task<void> partitions(Stage* stage) {
  const pg::pgoutput::Relation relation = relation_of("parts");
  const TableRef table = co_await load_table(&stage->pool, relation);
  EXPECT_EQ(table->name, "parts");
  const std::vector<Row> rows = {{"1", "2026-05-05", "ann"}, {"2", "2026-05-05", "bob"}};
  Asked asked(table, relation, rows);
  asked.all_visible().all_deleted();
  const pg::Claims ann = claims_of("ann");
  const Verdict verdict =
      co_await check_rows(&stage->pool, ann, table, asked.visible, asked.deleted);
  EXPECT_EQ(verdict.visible, (std::vector<bool>{true, false}));
  EXPECT_EQ(verdict.deleted_visible, (std::vector<bool>{true, false}));
}
TEST(Visibility, APartitionedTableIsAskedUnderItsOwnName) { run(partitions); }

Task<void> moving(Stage* stage) {
  pg::pgoutput::Relation relation = relation_of("moving");
  TableRef table = co_await load_table(&stage->pool, relation);
  TestDatabase::sql("alter table moving rename old_name to new_name; alter table moving drop gone",
                    kDatabase);
  const TableRef reloaded = co_await reload_table(&stage->pool, table);
  const std::vector<Row> rows(1, Row{"1", "x", "y"});
  Asked asked(reloaded, relation, rows);
  asked.all_visible();
  const pg::Claims ann = claims_of("ann");
  const Verdict verdict =
      co_await check_rows(&stage->pool, ann, reloaded, asked.visible, asked.deleted);
  EXPECT_EQ(verdict.visible, std::vector<bool>{true});
  EXPECT_EQ(verdict.columns, (std::vector<bool>{true, false, false}))
      << "columns of older rows of the log that the table has no more are nobody's to read";
  const pg::pgoutput::Relation gone = relation_of("dropped");
  const TableRef before = co_await load_table(&stage->pool, gone);
  TestDatabase::sql("drop table dropped", kDatabase);
  std::exception_ptr raised;
  try {
    const TableRef after = co_await reload_table(&stage->pool, before);
    EXPECT_EQ(after, nullptr) << "the table was dropped";
  } catch (const Raised&) {
    raised = std::current_exception();
  }
  EXPECT_EQ(errc_of(raised), Errc::not_found);
}
TEST(Visibility, RenamedAndDroppedColumnsAreNobodysToRead) { run(moving); }

Task<void> policies_change(Stage* stage) {
  const pg::pgoutput::Relation relation = relation_of("whole");
  const TableRef table = co_await load_table(&stage->pool, relation);
  TestDatabase::sql("alter policy whole_row on whole using (n > 0)", kDatabase);
  Asked asked(table, relation, std::vector<Row>());
  const pg::Claims ann = claims_of("ann");
  const Verdict verdict =
      co_await check_rows(&stage->pool, ann, table, asked.visible, asked.deleted);
  EXPECT_NE(verdict.policy_version, table->policy_version)
      << "the verdict says what it was based on";
  const TableRef reloaded = co_await reload_table(&stage->pool, table);
  EXPECT_EQ(verdict.policy_version, reloaded->policy_version);
  EXPECT_EQ(reloaded->policy_columns, std::vector<int>{1});
}
TEST(Visibility, ChangedPoliciesAreNoticed) { run(policies_change); }

ChangeRequest request(std::string table, std::string filter = "", std::string schema = "public") {
  ChangeRequest made;
  made.event = "*";
  made.schema = std::move(schema);
  made.table = std::move(table);
  made.filter = std::move(filter);
  return made;
}

Task<void> requests(Stage* stage) {
  const pg::Claims ann = claims_of("ann");
  struct Case {
    std::string table, filter, schema, refusal;
  };
  const std::vector<Case> cases = {
      {"owned", "", "public", ""},
      {"owned", "a=eq.1", "public", ""},
      {"*", "", "public", ""},
      {"missing", "", "public", "Please check Realtime is enabled"},
      {"slow", "", "public", "Please check Realtime is enabled"},
      {"owned", "nothing=eq.1", "public", "There is no column of this name: nothing"},
      {"owned", "secret=eq.1", "public", "Your role may not select this column: secret"},
      {"owned", "twice=eq.1", "public", "A generated column is not in the log: twice"},
      {"owned", "a=eq.one", "public", "does not fit its column"},
      {"owned", "a=eq.99999999999", "public", "does not fit its column"},
      {"*", "a=eq.1", "public", "No wildcard goes with them"},
      {"inside", "", "closed", ""},  // its changes come with Error 401 and without values
      {"inside", "id=eq.1", "closed", "Your role may not select"},
      {"owned\"; drop table owned; --", "", "public", "Please check Realtime is enabled"},
      {"parts", "at=gt.2026-01-01", "public", ""}};
  for (const Case& one : cases) {
    const ChangeRequest asked = request(one.table, one.filter, one.schema);
    const Described described = co_await describe_request(&stage->pool, ann, asked);
    if (one.refusal.empty()) {
      EXPECT_EQ(described.refusal, "") << one.table << " " << one.filter;
    } else {
      EXPECT_NE(described.refusal.find(one.refusal), std::string::npos)
          << one.table << " " << one.filter << ": " << described.refusal;
    }
  }
  TestDatabase::sql("grant select on kinds to authenticated", kDatabase);
  const ChangeRequest by_domain = request("kinds", "c_domain=eq.1.50");
  const Described domain = co_await describe_request(&stage->pool, ann, by_domain);
  EXPECT_EQ(domain.refusal, "");
  const ChangeRequest below = request("kinds", "c_domain=eq.-1");
  const Described negative = co_await describe_request(&stage->pool, ann, below);
  EXPECT_NE(negative.refusal, "") << "the domain's check refuses the value";
  const ChangeRequest no_label = request("kinds", "c_enum=eq.furious");
  const Described label = co_await describe_request(&stage->pool, ann, no_label);
  EXPECT_NE(label.refusal, "") << "the enum has no such label";
}
TEST(Describe, ARequestIsHeldAgainstTheCatalogueUnderTheCallersRole) { run(requests); }

}  // namespace
}  // namespace chatpad::realtime

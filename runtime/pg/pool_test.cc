#include "runtime/pg/pool.h"

#include "runtime/pg/testing.h"

namespace chatpad::pg {
namespace {

using testing::pool_options;
using testing::run_scenario;
using testing::Stage;
using testing::TestDatabase;

constexpr const char* kSchema = R"(
do $$ begin
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role anon nologin; create role visitor nologin; create role authenticated nologin;
    create role api_key nologin; create role service_role nologin bypassrls;
    create role authenticator login noinherit;
    grant anon, visitor, authenticated, api_key, service_role to authenticator;
  end if;
end $$;
drop schema if exists shop cascade;
create schema shop;
grant usage on schema shop to anon, visitor, authenticated, api_key, service_role;
create table shop.notes (id bigserial primary key, owner text not null, text text not null unique);
alter table shop.notes enable row level security, force row level security;
create policy authenticated_all on shop.notes to authenticated
  using (owner = nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  with check (owner = nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub');
grant all on shop.notes, shop.notes_id_seq to authenticated, service_role;
create table shop.parents (id int primary key);
create table shop.children (id int primary key, parent int references shop.parents
  deferrable initially deferred);
grant all on shop.parents, shop.children to authenticated;
insert into shop.notes (owner, text) values ('ann', 'a1'), ('ann', 'a2'), ('bob', 'b1');
create function shop.fail(code text) returns void language plpgsql as $$
begin
  raise exception using errcode = 'CP000', message = 'Said in public.', detail = code, hint = 'Try.';
end $$;
)";

Claims as(Role role, const std::string& sub) {
  Claims claims;
  claims.role = role;
  claims.json = R"({"role":")" + std::string(role_name(role)) + R"(","sub":")" + sub + "\"}";
  return claims;
}
Claims ann() { return as(Role::authenticated, "ann"); }

constexpr Statement kNotes{"notes", "select text from shop.notes order by text"};
constexpr Statement kAdd{"add_note", "insert into shop.notes (owner, text) values ($1, $2)"};
constexpr Statement kWho{
    "who",
    "select current_user, current_setting('request.jwt.claims', true), session_user, "
    "current_setting('statement_timeout')"};
constexpr Statement kSleep{"sleep", "select pg_sleep($1::text::float8)"};
constexpr Statement kPid{"pid", "select pg_backend_pid()"};
constexpr Statement kFail{"fail", "select shop.fail($1)"};

// The error a flight ends with.
Task<Error> error_of(Stage* stage, Claims claims, Statement statement, Params params,
                     uint32_t timeout_ms = kStatementTimeoutMs) {
  Error error;
  bool raised = false;
  try {
    Rows rows = co_await stage->pool.once(claims, statement, params, timeout_ms);
  } catch (const Raised& r) {
    error = r.error();
    raised = true;
  }
  EXPECT_TRUE(raised) << statement.name;
  co_return error;
}

class PoolTest : public ::testing::Test {
 protected:
  void SetUp() override { TestDatabase::sql(kSchema); }
  static PoolOptions options(int connections_max = 1) {
    return pool_options(TestDatabase::conninfo("authenticator"), connections_max);
  }
};

Task<void> reads_under_role(Stage* stage) {
  Rows own = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(own.size(), 2);
  EXPECT_EQ(own.text(0, 0), "a1");
  Rows other = co_await stage->pool.once(as(Role::authenticated, "bob"), kNotes, Params());
  EXPECT_EQ(other.size(), 1);
  Rows all = co_await stage->pool.once(as(Role::service_role, ""), kNotes, Params());
  EXPECT_EQ(all.size(), 3);
  Rows again = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(again.size(), 2);
  Error refused = co_await error_of(stage, as(Role::visitor, "v"), kNotes, Params());
  EXPECT_EQ(refused.errc, Errc::forbidden);
  EXPECT_TRUE(refused.message.value.empty());
}
TEST_F(PoolTest, every_flight_sees_only_what_its_role_and_claims_may_see) {
  run_scenario(reads_under_role, options());
}

Task<void> nothing_leaks(Stage* stage) {
  Rows before = co_await stage->pool.once(ann(), kWho, Params(), 1234);
  EXPECT_EQ(before.text(0, 0), "authenticated");
  EXPECT_EQ(before.text(0, 3), "1234ms");
  Claims none;
  none.role = Role::none;
  none.json = "{}";
  Rows bare = co_await stage->pool.once(none, kWho, Params());
  EXPECT_EQ(bare.text(0, 0), "authenticator");
  EXPECT_EQ(bare.text(0, 1), "{}");
  Error failed = co_await error_of(stage, ann(), kFail, Params("conflict"));
  Rows after = co_await stage->pool.once(none, kWho, Params());
  EXPECT_EQ(after.text(0, 0), "authenticator");
}
TEST_F(PoolTest, role_claims_and_timeout_end_with_the_flight) {
  run_scenario(nothing_leaks, options());
}

Task<void> public_errors(Stage* stage) {
  Error said = co_await error_of(stage, ann(), kFail, Params("not_found"));
  EXPECT_EQ(said.errc, Errc::not_found);
  EXPECT_EQ(said.message.value, "Said in public.");
  EXPECT_EQ(said.details, "Try.");
  Error unknown = co_await error_of(stage, ann(), kFail, Params("no_such_code"));
  EXPECT_EQ(unknown.errc, Errc::internal);
  EXPECT_TRUE(unknown.message.value.empty());
  Error twice = co_await error_of(stage, ann(), kAdd, Params("ann", "a1"));
  EXPECT_EQ(twice.errc, Errc::conflict);
  Error foreign = co_await error_of(stage, ann(), kAdd, Params("bob", "x"));
  EXPECT_EQ(foreign.errc, Errc::forbidden);
  Error null = co_await error_of(stage, ann(), kAdd, Params("ann", std::nullopt));
  EXPECT_EQ(null.errc, Errc::validation_failed);
  Error nul = co_await error_of(stage, ann(), kAdd, Params("ann", std::string("a\0b", 3)));
  EXPECT_EQ(nul.errc, Errc::validation_failed);
  Error slow = co_await error_of(stage, ann(), kSleep, Params("10"), 50);
  EXPECT_EQ(slow.errc, Errc::deadline_exceeded);
  Error syntax = co_await error_of(stage, ann(), Statement("syntax", "selekt 1"), Params());
  EXPECT_EQ(syntax.errc, Errc::internal);
  EXPECT_TRUE(syntax.message.value.empty());
  Rows still = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(still.size(), 2);
  EXPECT_EQ(stage->pool.stats().reconnects, 0u);
}
TEST_F(PoolTest, database_errors_become_public_codes_without_sql) {
  run_scenario(public_errors, options());
}

Task<void> deferred(Stage* stage) {
  const Statement orphan("orphan", "insert into shop.children values (1, 99)");
  Error late = co_await error_of(stage, ann(), orphan, Params());
  EXPECT_EQ(late.errc, Errc::conflict);
  const Statement count("count_children", "select count(*) from shop.children");
  Rows none = co_await stage->pool.once(ann(), count, Params());
  EXPECT_EQ(none.integer(0, 0), 0);
}
TEST_F(PoolTest, a_deferred_constraint_fails_the_flight_that_broke_it) {
  run_scenario(deferred, options());
}

}  // namespace
}  // namespace chatpad::pg

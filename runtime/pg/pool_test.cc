#include "runtime/pg/pool.h"

#include <algorithm>

#include "runtime/pg/testing.h"

namespace chatpad::pg {
namespace {

using testing::pool_options;
using testing::run_scenario;
using testing::Stage;
using testing::TestDatabase;

constexpr const char* kSchema = R"(
do $$
declare
  name text;
begin
  foreach name in array array['anon', 'visitor', 'authenticated', 'api_key', 'service_role'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I nologin', name);
    end if;
  end loop;
  if not exists (select from pg_roles where rolname = 'pool_login') then
    create role pool_login login noinherit;
    grant anon, visitor, authenticated, api_key, service_role to pool_login;
  end if;
end $$;
alter role service_role bypassrls;
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
  raise exception using errcode = 'CP000', message = 'Said in public.', detail = code,
    hint = 'Try.';
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
    return pool_options(TestDatabase::conninfo("pool_login"), connections_max);
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
  EXPECT_EQ(bare.text(0, 0), "pool_login");
  EXPECT_EQ(bare.text(0, 1), "{}");
  Error failed = co_await error_of(stage, ann(), kFail, Params("conflict"));
  Rows after = co_await stage->pool.once(none, kWho, Params());
  EXPECT_EQ(after.text(0, 0), "pool_login");
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

Task<void> prepared_across_roles(Stage* stage) {
  for (int round = 0; round < 8; ++round) {
    Rows mine = co_await stage->pool.once(ann(), kNotes, Params());
    EXPECT_EQ(mine.size(), 2);
    Rows his = co_await stage->pool.once(as(Role::authenticated, "bob"), kNotes, Params());
    EXPECT_EQ(his.size(), 1);
    Rows all = co_await stage->pool.once(as(Role::service_role, ""), kNotes, Params());
    EXPECT_EQ(all.size(), 3);
  }
  const Statement names("names", "select name from pg_prepared_statements order by name");
  Rows prepared = co_await stage->pool.once(ann(), names, Params());
  EXPECT_EQ(prepared.size(), 4);  // set_config, notes twice, this one
}
TEST_F(PoolTest, a_statement_is_prepared_once_per_role_and_connection) {
  run_scenario(prepared_across_roles, options());
}

Ask ask(const Claims& claims, Statement statement, Params params = Params()) {
  return Ask{claims, statement, std::make_shared<const Params>(std::move(params))};
}

Task<Error> error_of_several(Stage* stage, std::vector<Ask> asks, uint32_t timeout_ms) {
  Error error;
  bool raised = false;
  try {
    const std::vector<Rows> rows = co_await stage->pool.several(asks, timeout_ms);
  } catch (const Raised& r) {
    error = r.error();
    raised = true;
  }
  EXPECT_TRUE(raised);
  co_return error;
}

Task<void> several(Stage* stage) {
  const Claims bob = as(Role::authenticated, "bob");
  const Claims service = as(Role::service_role, "");
  for (int round = 0; round < 3; ++round) {
    std::vector<Ask> asks{ask(ann(), kNotes), ask(bob, kNotes), ask(service, kNotes),
                          ask(bob, kWho), ask(ann(), kNotes)};
    const std::vector<Rows> rows = co_await stage->pool.several(asks);
    EXPECT_EQ(rows.size(), 5u);
    EXPECT_EQ(rows[0].size(), 2);
    EXPECT_EQ(rows[1].size(), 1);
    EXPECT_EQ(rows[2].size(), 3);
    EXPECT_EQ(rows[3].text(0, 0), "authenticated");
    EXPECT_EQ(rows[3].text(0, 1), bob.json);
    EXPECT_EQ(rows[4].text(0, 0), "a1");
  }
  Rows alone = co_await stage->pool.once(bob, kNotes, Params());
  EXPECT_EQ(alone.size(), 1);
}
TEST_F(PoolTest, each_of_several_asks_sees_what_its_own_claims_may_see) {
  run_scenario(several, options());
}

Task<void> several_fail(Stage* stage) {
  const Params note("ann", "of a flight that fails");
  std::vector<Ask> raises{ask(ann(), kAdd, note), ask(ann(), kFail, Params("conflict")),
                          ask(ann(), kNotes)};
  Error said = co_await error_of_several(stage, raises, 1000);
  EXPECT_EQ(said.message.value, "Said in public.");
  Rows rolled_back = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(rolled_back.size(), 2);
  // Each has the whole timeout.
  const Params nap("0.06");
  std::vector<Ask> naps{ask(ann(), kSleep, nap), ask(ann(), kSleep, nap), ask(ann(), kSleep, nap)};
  const std::vector<Rows> slept = co_await stage->pool.several(naps, 100);
  EXPECT_EQ(slept.size(), 3u);
  std::vector<Ask> too_long{ask(ann(), kNotes), ask(ann(), kSleep, Params("10"))};
  Error late = co_await error_of_several(stage, too_long, 50);
  EXPECT_EQ(late.errc, Errc::deadline_exceeded);
  std::vector<Ask> nul{ask(ann(), kNotes), ask(ann(), kAdd, Params("ann", std::string("a\0b", 3)))};
  Error refused = co_await error_of_several(stage, nul, 1000);
  EXPECT_EQ(refused.errc, Errc::validation_failed);
  // What is prepared is known again after a failure in the middle of preparing.
  const Statement wrong("several_wrong", "selekt");
  const Statement right("several_right", "select 1");
  std::vector<Ask> unknown{ask(ann(), wrong), ask(ann(), right)};
  Error syntax = co_await error_of_several(stage, unknown, 1000);
  EXPECT_EQ(syntax.errc, Errc::internal);
  std::vector<Ask> known{ask(ann(), right), ask(ann(), kNotes)};
  const std::vector<Rows> rows = co_await stage->pool.several(known);
  EXPECT_EQ(rows[0].integer(0, 0), 1);
  const Statement forget("forget", "deallocate all");
  Rows none = co_await stage->pool.once(ann(), forget, Params());
  const std::vector<Rows> again = co_await stage->pool.several(known);
  EXPECT_EQ(again[1].size(), 2);
}
TEST_F(PoolTest, the_error_of_one_of_several_asks_is_the_error_of_all) {
  run_scenario(several_fail, options());
}

Task<void> dry_run(Stage* stage) {
  const Claims login = as(Role::none, "ann");
  std::vector<Ask> asks{ask(ann(), kAdd, Params("ann", "of a dry run")), ask(ann(), kNotes),
                        ask(login, kWho)};
  for (int round = 0; round < 3; ++round) {
    const std::vector<Rows> rows = co_await stage->pool.dry_run(asks);
    EXPECT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[1].size(), 3) << "what it wrote is there for what comes behind";
    EXPECT_EQ(rows[2].text(0, 0), "pool_login");
    Rows gone = co_await stage->pool.once(ann(), kNotes, Params());
    EXPECT_EQ(gone.size(), 2);
  }
  const Statement forget("forget", "deallocate all");
  Rows none = co_await stage->pool.once(ann(), forget, Params());
  const std::vector<Rows> again = co_await stage->pool.dry_run(asks);
  EXPECT_EQ(again.size(), 3u);
  EXPECT_EQ(stage->pool.stats().failures, 0u);
  std::vector<Ask> raises{asks[0], ask(ann(), kFail, Params("conflict")), asks[1]};
  Error said;
  try {
    const std::vector<Rows> rows = co_await stage->pool.dry_run(raises);
  } catch (const Raised& raised) {
    said = raised.error();
  }
  EXPECT_EQ(said.message.value, "Said in public.");
  Rows still = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(still.size(), 2);
  EXPECT_EQ(stage->pool.stats().reconnects, 0u);
}
TEST_F(PoolTest, a_dry_run_leaves_nothing_behind) { run_scenario(dry_run, options()); }

Task<void> stale_prepared(Stage* stage) {
  Rows before = co_await stage->pool.once(ann(), kNotes, Params());
  const Statement forget("forget", "deallocate all");
  Rows none = co_await stage->pool.once(ann(), forget, Params());
  Rows unknown = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(unknown.size(), 2);
  // The name is taken on the server by something the program did not prepare.
  const Statement taken("taken", "prepare \"uother\" as select 1");
  Rows prepared = co_await stage->pool.once(ann(), taken, Params());
  const Statement other("other", "select 2");
  Rows two = co_await stage->pool.once(ann(), other, Params());
  EXPECT_EQ(two.integer(0, 0), 2);
  // The result type of a kept plan changes.
  const Statement star("star", "select * from shop.parents");
  Rows narrow = co_await stage->pool.once(ann(), star, Params());
  TestDatabase::sql(
      "alter table shop.parents add column more text; grant all on shop.parents "
      "to authenticated");
  Rows wide = co_await stage->pool.once(ann(), star, Params());
  EXPECT_EQ(stage->pool.stats().failures, 0u);
  // One name for two texts: the second is not kept.
  const Statement renamed("other", "select 3");
  Rows three = co_await stage->pool.once(ann(), renamed, Params());
  EXPECT_EQ(three.integer(0, 0), 3);
}
TEST_F(PoolTest, a_server_that_forgot_or_changed_a_statement_is_not_noticed_by_the_caller) {
  run_scenario(stale_prepared, options());
}

Task<void> failing_parse(Stage* stage) {
  const Statement bad("bad", "select no_such_column from shop.notes");
  for (int i = 0; i < 3; ++i) {
    Error error = co_await error_of(stage, ann(), bad, Params());
    EXPECT_EQ(error.cause.value.substr(0, 5), "42703");
  }
  // Parsed well, failed when run: kept.
  for (int i = 0; i < 3; ++i) {
    Error error = co_await error_of(stage, ann(), kAdd, Params("ann", "a1"));
    EXPECT_EQ(error.errc, Errc::conflict);
  }
  const Statement count("count_prepared",
                        "select count(*) from pg_prepared_statements where name = 'uadd_note'");
  Rows kept = co_await stage->pool.once(ann(), count, Params());
  EXPECT_EQ(kept.integer(0, 0), 1);
}
TEST_F(PoolTest, a_failed_flight_leaves_the_prepared_statements_known_as_they_are) {
  run_scenario(failing_parse, options());
}

Task<void> sleeper(Stage* stage) {
  Rows rows = co_await stage->pool.once(ann(), kSleep, Params("30"), 60'000);
  ADD_FAILURE() << "a destroyed task went on";
}
Task<void> cancelled(Stage* stage) {
  Rows first = co_await stage->pool.once(ann(), kPid, Params());
  const Scope::Id id = stage->scope.spawn(sleeper(stage));
  co_await sleep_for(stage->loop, 30);
  EXPECT_EQ(stage->pool.stats().busy, 1);
  stage->scope.cancel(id);
  // The only connection: it comes back long before the query would have ended.
  for (int i = 0; i < 5; ++i) {
    Rows second = co_await stage->pool.once(ann(), kPid, Params());
    EXPECT_EQ(second.integer(0, 0), first.integer(0, 0));
  }
  EXPECT_EQ(stage->pool.stats().failures, 0u);
}
TEST_F(PoolTest, destroying_the_waiting_task_cancels_its_query_and_keeps_the_connection) {
  run_scenario(cancelled, options());
}

Task<void> cancelled_many(Stage* stage) {
  for (int round = 0; round < 30; ++round) {
    const Scope::Id slow = stage->scope.spawn(sleeper(stage));
    const Scope::Id waiting = stage->scope.spawn(sleeper(stage));
    co_await sleep_for(stage->loop, static_cast<uint64_t>(round % 5));
    stage->scope.cancel(waiting);
    stage->scope.cancel(slow);
    Rows rows = co_await stage->pool.once(ann(), kNotes, Params());
    EXPECT_EQ(rows.size(), 2);
  }
  EXPECT_EQ(stage->pool.stats().waiting, 0u);
}
TEST_F(PoolTest, a_cancel_request_never_hits_the_next_flight) {
  run_scenario(cancelled_many, options());
}

Task<void> killed(Stage* stage) {
  Rows pid = co_await stage->pool.once(ann(), kPid, Params());
  const std::string kill = "select pg_terminate_backend(" + pid.str(0, 0) + ", 5000)";
  const Statement suicide("suicide",
                          "select pg_sleep(0.05), pg_terminate_backend(pg_backend_pid())");
  Error lost = co_await error_of(stage, as(Role::none, ""), suicide, Params());
  EXPECT_EQ(lost.errc, Errc::database_unavailable);
  EXPECT_TRUE(error_info(lost.errc).retry);
  Rows again = co_await stage->pool.once(ann(), kPid, Params());
  EXPECT_NE(again.integer(0, 0), pid.integer(0, 0));
  // And while nobody uses it.
  TestDatabase::sql("select pg_terminate_backend(" + again.str(0, 0) + ", 5000)");
  co_await sleep_for(stage->loop, 50);
  Rows third = co_await stage->pool.once(ann(), kPid, Params());
  EXPECT_NE(third.integer(0, 0), again.integer(0, 0));
  EXPECT_EQ(stage->pool.stats().reconnects, 2u);
  EXPECT_TRUE(stage->pool.healthy());
}
TEST_F(PoolTest, a_killed_backend_fails_its_flight_and_is_replaced) {
  run_scenario(killed, options());
}

Task<void> one_sleep(Stage* stage, int* ended) {
  Rows rows = co_await stage->pool.once(ann(), kSleep, Params("0.5"));
  ++*ended;
}
Task<void> exhausted(Stage* stage) {
  Rows warm = co_await stage->pool.once(ann(), kNotes, Params());
  int ended = 0;
  stage->scope.spawn(one_sleep(stage, &ended));
  Error too_long = co_await error_of(stage, ann(), kNotes, Params());
  EXPECT_EQ(too_long.errc, Errc::database_unavailable);
  stage->scope.spawn(one_sleep(stage, &ended));
  stage->scope.spawn(one_sleep(stage, &ended));
  Error too_many = co_await error_of(stage, ann(), kNotes, Params());
  EXPECT_EQ(too_many.errc, Errc::overloaded);
  EXPECT_EQ(ended, 0);
  stage->scope.cancel_all();
  Rows after = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(after.size(), 2);
}
TEST_F(PoolTest, waiting_for_a_connection_is_bounded_in_number_and_time) {
  PoolOptions small = options();
  small.acquire_ms = 100;
  small.waiters_max = 2;
  run_scenario(exhausted, small);
}

Task<void> numbered(Stage* stage, int n, std::vector<int>* order) {
  Rows rows = co_await stage->pool.once(ann(), kNotes, Params());
  order->push_back(n);
}
Task<void> in_order(Stage* stage) {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) stage->scope.spawn(numbered(stage, i, &order));
  co_await stage->scope.join();
  EXPECT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(stage->pool.stats().open, 1);
}
TEST_F(PoolTest, waiting_flights_take_off_in_the_order_they_came) {
  run_scenario(in_order, options());
}

Task<void> in_lane(Stage* stage, uint64_t lane, std::vector<uint64_t>* order) {
  Claims claims = ann();
  claims.lane = lane;
  Rows rows = co_await stage->pool.once(std::move(claims), kNotes, Params());
  order->push_back(lane);
}
Task<void> fair(Stage* stage) {
  Rows warm = co_await stage->pool.once(ann(), kNotes, Params());
  std::vector<uint64_t> order;
  for (int i = 0; i < 100; ++i) stage->scope.spawn(in_lane(stage, 1, &order));
  for (int i = 0; i < 3; ++i) stage->scope.spawn(in_lane(stage, 2, &order));
  stage->scope.spawn(in_lane(stage, 3, &order));
  co_await stage->scope.join();
  EXPECT_EQ(order.size(), 104u);
  // The first was under way when the others came.
  const std::vector<uint64_t> want = {1, 1, 2, 3, 1, 2, 1, 2, 1};
  EXPECT_TRUE(std::equal(want.begin(), want.end(), order.begin()));
}
TEST_F(PoolTest, lanes_that_wait_take_turns_however_long_one_of_them_is) {
  run_scenario(fair, options());
}

Task<void> refused_in(Stage* stage, uint64_t lane, int* refused) {
  Claims claims = ann();
  claims.lane = lane;
  try {
    Rows rows = co_await stage->pool.once(std::move(claims), kSleep, Params("0.01"));
  } catch (const Raised& raised) {
    EXPECT_EQ(raised.error().errc, Errc::overloaded);
    ++*refused;
  }
}
Task<void> one_lane_is_full(Stage* stage) {
  Rows warm = co_await stage->pool.once(ann(), kNotes, Params());
  int refused = 0, others = 0;
  for (int i = 0; i < 20; ++i) stage->scope.spawn(refused_in(stage, 7, &refused));
  for (int i = 0; i < 4; ++i) stage->scope.spawn(refused_in(stage, 8, &others));
  co_await stage->scope.join();
  // One is under way, twelve of the sixteen places are taken.
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(others, 0);
}
TEST_F(PoolTest, a_lane_leaves_a_quarter_of_the_places_to_wait_to_others) {
  PoolOptions small = options();
  small.waiters_max = 16;
  run_scenario(one_lane_is_full, small);
}

Task<void> closed_under_way(Stage* stage) {
  Rows warm = co_await stage->pool.once(ann(), kNotes, Params());
  stage->loop.defer([stage] { stage->pool.close(); });
  Error travelling = co_await error_of(stage, ann(), kSleep, Params("30"));
  EXPECT_EQ(travelling.errc, Errc::draining);
  Error late = co_await error_of(stage, ann(), kNotes, Params());
  EXPECT_EQ(late.errc, Errc::draining);
}
TEST_F(PoolTest, closing_ends_every_flight_with_draining) {
  run_scenario(closed_under_way, options());
}

Task<void> large(Stage* stage) {
  const Statement echo("echo", "select $1::text");
  const std::string big(20 << 20, 'x');
  Rows rows = co_await stage->pool.once(ann(), echo, Params(big));
  EXPECT_EQ(rows.text(0, 0).size(), big.size());
  Rows small = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(small.size(), 2);
}
TEST_F(PoolTest, values_larger_than_the_socket_buffer_travel_whole) {
  run_scenario(large, options());
}

Task<void> transaction_commits(Stage* stage) {
  Transaction tx = co_await stage->pool.begin(ann());
  Rows added = co_await tx.query(kAdd, Params("ann", "in_tx"));
  EXPECT_EQ(added.affected(), 1);
  Rows seen = co_await tx.query(kNotes, Params());
  EXPECT_EQ(seen.size(), 3);
  EXPECT_EQ(stage->pool.stats().busy, 1);
  co_await tx.commit();
  EXPECT_EQ(stage->pool.stats().busy, 0);
  Rows after = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(after.size(), 3);
}
TEST_F(PoolTest, a_transaction_keeps_its_role_over_flights_and_commits) {
  run_scenario(transaction_commits, options());
}

Task<void> adds_and_leaves(Stage* stage, const char* text) {
  Transaction tx = co_await stage->pool.begin(ann());
  Rows added = co_await tx.query(kAdd, Params("ann", text));
}
Task<void> holds_forever(Stage* stage) {
  Transaction tx = co_await stage->pool.begin(ann());
  Rows added = co_await tx.query(kAdd, Params("ann", "held"));
  Rows never = co_await tx.query(kSleep, Params("30"));
}
Task<void> fails_inside(Stage* stage) {
  Transaction tx = co_await stage->pool.begin(ann());
  Rows added = co_await tx.query(kAdd, Params("ann", "lost"));
  bool raised = false;
  try {
    Rows twice = co_await tx.query(kAdd, Params("ann", "a1"));
  } catch (const Raised& r) {
    raised = r.error().errc == Errc::conflict;
  }
  EXPECT_TRUE(raised);
  raised = false;
  try {
    co_await tx.commit();
  } catch (const Raised& r) {
    raised = true;
  }
  EXPECT_TRUE(raised);
}
Task<void> transaction_rolls_back(Stage* stage) {
  co_await adds_and_leaves(stage, "left");
  Rows first = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(first.size(), 2);
  co_await fails_inside(stage);
  Rows second = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(second.size(), 2);
  const Scope::Id id = stage->scope.spawn(holds_forever(stage));
  co_await sleep_for(stage->loop, 60);
  stage->scope.cancel(id);
  Rows third = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(third.size(), 2);
  // Destroyed while it still waits for its first flight.
  const Scope::Id early = stage->scope.spawn(holds_forever(stage));
  stage->scope.cancel(early);
  Rows fourth = co_await stage->pool.once(ann(), kNotes, Params());
  EXPECT_EQ(fourth.size(), 2);
  EXPECT_EQ(stage->pool.stats().reconnects, 0u);
}
TEST_F(PoolTest, a_transaction_that_is_dropped_failed_or_cancelled_rolls_back) {
  run_scenario(transaction_rolls_back, options());
}

Task<void> transaction_lost(Stage* stage) {
  Transaction tx = co_await stage->pool.begin(ann());
  Rows pid = co_await tx.query(kPid, Params());
  TestDatabase::sql("select pg_terminate_backend(" + pid.str(0, 0) + ", 5000)");
  co_await sleep_for(stage->loop, 50);
  bool raised = false;
  try {
    co_await tx.commit();
  } catch (const Raised& r) {
    raised = r.error().errc == Errc::database_unavailable;
  }
  EXPECT_TRUE(raised);
}
TEST_F(PoolTest, a_transaction_on_a_lost_connection_does_not_commit) {
  run_scenario(transaction_lost, options());
}

}  // namespace
}  // namespace chatpad::pg

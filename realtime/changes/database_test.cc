// The feed and the rights probe against PostgreSQL with the project's own SQL.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "realtime/changes/feed.h"
#include "realtime/hub/rights.h"
#include "runtime/base/clock.h"
#include "runtime/pg/migrate.h"
#include "runtime/pg/testing.h"

namespace chatpad::realtime {
namespace {

using pg::testing::TestDatabase;

constexpr const char* kDatabase = "chatpad";
// Policies of an application beside ours: one lets people read a topic and write it, one raises.
constexpr const char* kPolicies = R"(
  create policy team_read on realtime.messages for select to authenticated
    using (realtime.topic() = 'team' and extension = 'broadcast');
  create policy team_write on realtime.messages for insert to authenticated
    with check (realtime.topic() = 'team');
  create policy broken_read on realtime.messages for select to authenticated
    using (case when realtime.topic() = 'broken' then 1 / (length(topic) - 6) = 1 else false end);
)";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// sql/ of the source tree, in path order.
void apply_sql() {
  static bool applied = false;
  if (std::exchange(applied, true)) return;
  const auto root = std::filesystem::path(CHATPAD_SOURCE_DIR);
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "sql")) {
    if (entry.path().extension() != ".sql") continue;
    texts.emplace_back(std::filesystem::relative(entry.path(), root).string(),
                       read_file(entry.path()));
  }
  std::sort(texts.begin(), texts.end());
  std::vector<pg::SqlFile> files;
  for (const auto& [path, text] : texts) files.push_back(pg::SqlFile{path, text});
  pg::MigrateOptions options;
  options.database = kDatabase;
  const auto report = pg::migrate(TestDatabase::conninfo("postgres"), files, options);
  ASSERT_TRUE(report.ok()) << report.error().cause.value;
  TestDatabase::sql(kPolicies, kDatabase);
}

pg::Claims person() {
  pg::Claims claims;
  claims.role = pg::Role::authenticated;
  claims.json = R"({"role":"authenticated","sub":"7f9c2b0e-0000-4000-8000-000000000001"})";
  return claims;
}

Task<void> probes(pg::testing::Stage* stage) {
  PgRights probe(stage->pool);
  const pg::Claims claims = person();
  const Rights team = co_await probe.probe(claims, "team");
  EXPECT_TRUE(team.read_broadcast);
  EXPECT_FALSE(team.read_presence);
  EXPECT_TRUE(team.write_broadcast);
  EXPECT_TRUE(team.write_presence);
  const Rights other = co_await probe.probe(claims, "other");
  EXPECT_FALSE(other.may_join());
  EXPECT_FALSE(other.write_broadcast);
  EXPECT_FALSE(other.write_presence);
  bool raised = false;
  try {
    const Rights broken = co_await probe.probe(claims, "broken");
    EXPECT_FALSE(broken.may_join());
  } catch (const Raised&) {
    raised = true;
  }
  EXPECT_TRUE(raised);
  const Rights again = co_await probe.probe(claims, "team");
  EXPECT_TRUE(again.read_broadcast) << "a policy that raises harms only its own question";
  const pg::Claims nobody;
  const Rights anon = co_await probe.probe(nobody, "team");
  EXPECT_FALSE(anon.may_join());
}

TEST(RealtimeDatabase, RightsAreWhatThePoliciesSay) {
  apply_sql();
  pg::testing::run_scenario(
      probes, pg::testing::pool_options(TestDatabase::conninfo("authenticator", kDatabase)));
  EXPECT_EQ(TestDatabase::sql("select count(*) from realtime.messages", kDatabase).text(0, 0), "0");
}

struct Harness {
  Harness() {
    FeedOptions options;
    options.conninfo = TestDatabase::conninfo("replicator", kDatabase);
    options.on_events = [this](EventBatch batch) {
      ++batches;
      events.insert(events.end(), batch->begin(), batch->end());
    };
    options.on_state = [this](FeedState now) { state = now; };
    options.on_gap = [this] { ++gaps; };
    feed = std::make_unique<Feed>(loop, std::move(options));
    feed->start();
  }
  ~Harness() {
    feed->stop();
    feed.reset();
    loop.stop();
    loop.run();
  }
  bool until(const std::function<bool()>& done) {
    const uint64_t end = monotonic_ms() + 15'000;
    while (!done() && monotonic_ms() < end) {
      uv_run(loop.raw(), UV_RUN_NOWAIT);
      usleep(500);
    }
    return done();
  }

  Loop loop;
  std::unique_ptr<Feed> feed;
  std::vector<edge::DurableEvent> events;
  FeedState state = FeedState::away;
  int batches = 0, gaps = 0;
};

TEST(RealtimeDatabase, TheFeedHandsOverCommittedEventsInOrderAndNothingElse) {
  apply_sql();
  Harness h;
  ASSERT_TRUE(h.until([&] { return h.state == FeedState::live; }));
  TestDatabase::sql(R"(
    begin; insert into realtime.messages (topic, extension, event, private, payload)
      values ('lost', 'broadcast', 'x', true, '{}'); rollback;
    begin;
    insert into realtime.messages (topic, extension, event, private, payload, also_topics, seq)
      values ('conversation:1', 'broadcast', 'message.created', true, '{"n": 1}', '{account:2}', 7);
    insert into realtime.messages (topic, extension, event, private, payload)
      values ('presence', 'presence', null, true, '{}');
    insert into realtime.messages (topic, extension, event, private, payload)
      values ('room', 'broadcast', 'second', false, '{"n": 2}');
    commit)",
                    kDatabase);
  ASSERT_TRUE(h.until([&] { return h.events.size() >= 2; }));
  ASSERT_EQ(h.events.size(), 2u);
  EXPECT_EQ(h.batches, 1) << "one transaction is one batch";
  EXPECT_EQ(h.events[0].topic, "conversation:1");
  EXPECT_EQ(h.events[0].also_topics, std::vector<std::string>{"account:2"});
  EXPECT_EQ(h.events[0].seq, 7);
  EXPECT_TRUE(h.events[0].is_private);
  EXPECT_FALSE(h.events[0].xid.empty());
  EXPECT_TRUE(Uuid::parse(h.events[0].id));
  EXPECT_EQ(h.events[1].event, "second");
  EXPECT_FALSE(h.events[1].is_private);
}

TEST(RealtimeDatabase, ABrokenStreamIsAwayThenAGapThenLiveAgain) {
  apply_sql();
  Harness h;
  ASSERT_TRUE(h.until([&] { return h.state == FeedState::live; }));
  const int pid = h.feed->stats().backend_pid;
  TestDatabase::sql("select pg_terminate_backend(" + std::to_string(pid) + ")", kDatabase);
  ASSERT_TRUE(h.until([&] { return h.gaps == 1 && h.state == FeedState::live; }));
  TestDatabase::sql(R"(insert into realtime.messages (topic, extension, event, private, payload)
    select 'many', 'broadcast', 'n', true, '{}' from generate_series(1, 10000))",
                    kDatabase);
  ASSERT_TRUE(h.until([&] { return h.events.size() == 10000; }));
  EXPECT_GE(h.batches, 3) << "a large transaction comes in parts";
}

}  // namespace
}  // namespace chatpad::realtime

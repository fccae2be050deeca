#include "runtime/pg/replication.h"

#include "runtime/pg/testing.h"

namespace chatpad::pg {
namespace {

using testing::TestDatabase;

// Writes down what it hears and runs the next step of the test after each of them.
class Recorder : public ReplicationHandler {
 public:
  void on_ready(pgoutput::Lsn lsn) override {
    ready.push_back(lsn);
    step("ready");
  }
  void on_gap(pgoutput::Lsn from, pgoutput::Lsn to) override {
    EXPECT_LE(from, to);
    ++gaps;
  }
  void on_begin(const pgoutput::Begin& begin) override { xid = begin.xid; }
  void on_insert(const pgoutput::Relation& table, const pgoutput::Insert& insert) override {
    const int column = table.column("text");
    inserted.push_back(table.name + ":" + std::string(insert.row[column].text));
  }
  void on_update(const pgoutput::Relation& table, const pgoutput::Update& update) override {
    changed.push_back("update " + std::string(update.row[table.column("text")].text));
  }
  void on_delete(const pgoutput::Relation&, const pgoutput::Delete& gone) override {
    changed.push_back("delete " + std::string(gone.old_row[0].text));
  }
  void on_truncate(const pgoutput::Relation& table) override {
    changed.push_back("truncate " + table.name);
  }
  void on_commit(const pgoutput::Commit& commit) override {
    end_lsn = commit.end_lsn;
    step("commit");
  }
  void on_progress(pgoutput::Lsn lsn) override {
    progress = lsn;
    if (on_word) on_word();
  }

  void step(const std::string& what) {
    if (next) next(what);
  }
  std::function<void(const std::string&)> next;
  std::function<void()> on_word;
  std::vector<pgoutput::Lsn> ready;
  std::vector<std::string> inserted;
  std::vector<std::string> changed;
  int gaps = 0;
  uint32_t xid = 0;
  pgoutput::Lsn end_lsn = 0;
  pgoutput::Lsn progress = 0;
};

class ReplicationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestDatabase::sql(
        "do $$ begin if not exists (select from pg_roles where rolname = 'replicator') then "
        "create role replicator login noinherit replication; end if; end $$;"
        "drop table if exists public.feed; create table public.feed (id bigserial primary key, "
        "text text); drop publication if exists feed; create publication feed for table feed;");
  }
  ReplicationOptions options() {
    ReplicationOptions options;
    options.conninfo = TestDatabase::conninfo("replicator");
    options.publications = {"feed"};
    return options;
  }
  // Runs the loop until the test calls finish(), or for a minute.
  void run(Replication& stream) {
    Timer watchdog;
    watchdog.start(loop_, testing::kScenarioMsMax, [&] {
      ADD_FAILURE() << "the stream does not answer";
      finish(stream);
    });
    loop_.run();
    watchdog.stop();
  }
  void finish(Replication& stream) {
    loop_.defer([this, &stream] {
      stream.close();
      loop_.stop();
    });
  }
  Loop loop_;
  Recorder heard_;
};

TEST_F(ReplicationTest, sees_every_kind_of_change_in_order) {
  Replication stream(loop_, options(), heard_);
  heard_.next = [&](const std::string& what) {
    if (what == "ready") {
      TestDatabase::sql("insert into feed (text) values ('one'), ('two')");
      TestDatabase::sql("update feed set text = 'three' where text = 'one'");
      TestDatabase::sql("delete from feed where text = 'two'");
      TestDatabase::sql("truncate feed");
      TestDatabase::sql("insert into feed (text) values (repeat('x', 100000))");
    } else if (heard_.inserted.size() == 3) {
      finish(stream);
    }
  };
  run(stream);
  EXPECT_EQ(heard_.inserted[0], "feed:one");
  EXPECT_EQ(heard_.inserted[1], "feed:two");
  EXPECT_EQ(heard_.inserted[2].size(), 100'005u);
  EXPECT_EQ(heard_.changed,
            (std::vector<std::string>{"update three", "delete 2", "truncate feed"}));
  EXPECT_EQ(heard_.gaps, 0);
  EXPECT_GE(heard_.progress, heard_.ready[0]);
}

TEST_F(ReplicationTest, reconnects_and_tells_of_the_gap_when_the_walsender_dies) {
  Replication stream(loop_, options(), heard_);
  heard_.next = [&](const std::string& what) {
    if (what == "ready" && heard_.ready.size() == 1) {
      TestDatabase::sql("insert into feed (text) values ('before')");
    } else if (what == "commit" && heard_.inserted.back() == "feed:before") {
      TestDatabase::sql("select pg_terminate_backend(" + std::to_string(stream.backend_pid()) +
                        ", 5000); insert into feed (text) values ('missed')");
    } else if (what == "ready") {
      TestDatabase::sql("insert into feed (text) values ('after')");
    } else if (what == "commit" && heard_.inserted.back() == "feed:after") {
      finish(stream);
    }
  };
  run(stream);
  EXPECT_EQ(heard_.gaps, 1);
  EXPECT_EQ(stream.reconnects(), 1u);
  EXPECT_EQ(heard_.inserted, (std::vector<std::string>{"feed:before", "feed:after"}));
}

// The statuses themselves keep the server from saying anything unasked.
TEST_F(ReplicationTest, hears_from_a_server_that_has_nothing_to_say) {
  ReplicationOptions idle = options();
  idle.idle_status_ms = 10;
  Replication stream(loop_, std::move(idle), heard_);
  int words = 0;
  heard_.on_word = [&] {
    if (++words == 3) finish(stream);
  };
  run(stream);
  EXPECT_EQ(stream.reconnects(), 0u);
  EXPECT_TRUE(heard_.inserted.empty());
}

TEST_F(ReplicationTest, hands_over_more_than_one_turn_can_take) {
  Replication stream(loop_, options(), heard_);
  heard_.next = [&](const std::string& what) {
    if (what == "ready") {
      TestDatabase::sql("insert into feed (text) select g from generate_series(1, 20000) g");
    } else {
      finish(stream);
    }
  };
  run(stream);
  EXPECT_EQ(heard_.inserted.size(), 20'000u);
  EXPECT_EQ(heard_.inserted.back(), "feed:20000");
}

TEST_F(ReplicationTest, keeps_trying_and_says_why_it_cannot_stream) {
  ReplicationOptions missing = options();
  missing.conninfo = TestDatabase::conninfo("nobody_of_that_name");
  Replication stream(loop_, missing, heard_);
  Timer look;
  look.start(loop_, 200, [&] { finish(stream); });
  run(stream);
  EXPECT_FALSE(stream.streaming());
  ASSERT_TRUE(stream.last_error().has_value());
  EXPECT_NE(stream.last_error()->cause.value.find("nobody_of_that_name"), std::string::npos);
}

}  // namespace
}  // namespace chatpad::pg

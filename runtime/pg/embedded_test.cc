#include "runtime/pg/embedded.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/pg/cluster.h"
#include "runtime/pg/testing.h"

namespace chatpad::pg {
namespace {

using testing::make_home;
using testing::run_scenario;
using testing::Stage;

class EmbeddedTest : public ::testing::Test {
 protected:
  void SetUp() override { home_ = make_home(); }
  // Making a cluster costs a second: the tests that do not look at that copy one.
  static void SetUpTestSuite() {
    template_ = make_home();
    EmbeddedOptions options;
    options.home = template_;
    options.durability = Durability::throw_away;
    Result<Embedded> made = Embedded::start(options);
    CHECK(made.ok(), "a cluster can be made");
  }
  static void TearDownTestSuite() {
    std::error_code code;
    std::filesystem::remove_all(template_, code);
  }
  void copy_cluster() {
    const std::string command = "cp -a " + template_ + "/postgres " + home_ + "/postgres";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  void TearDown() override {
    std::error_code code;
    if (!cluster_.empty()) std::filesystem::remove_all(cluster_, code);
    std::filesystem::remove_all(home_, code);
  }
  Result<Embedded> start() { return start_in(home_); }
  Result<Embedded> start_in(const std::string& home) {
    EmbeddedOptions options;
    options.home = home;
    options.durability = Durability::throw_away;
    Result<Embedded> started = Embedded::start(options);
    if (started) cluster_ = started->cluster_dir;
    return started;
  }
  static std::string ask(const Embedded& server, const std::string& question) {
    Result<Blocking> connection = Blocking::open(server.conninfo("postgres", "postgres"));
    if (!connection) return connection.error().cause.value;
    const Result<Rows> rows = connection->run(question);
    return rows ? rows->str(0, 0) : rows.error().cause.value;
  }
  static inline std::string template_;
  std::string home_;
  std::string cluster_;
};

TEST_F(EmbeddedTest, starts_listens_on_a_private_socket_only_and_keeps_its_data) {
  {
    Result<Embedded> server = start();
    ASSERT_TRUE(server.ok()) << server.error().message.value << server.error().cause.value;
    EXPECT_EQ(ask(*server, "show wal_level"), "logical");
    EXPECT_EQ(ask(*server, "show listen_addresses"), "");
    EXPECT_EQ(ask(*server, "show data_checksums"), "on");
    struct stat info {};
    ASSERT_EQ(::stat(server->socket_dir.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_EQ(ask(*server, "create table kept as select 7 as n; select n from kept"), "7");
    server->stop();
    EXPECT_FALSE(server->running());
  }
  Result<Embedded> again = start();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(ask(*again, "select n from kept"), "7");
}

TEST_F(EmbeddedTest, refuses_a_second_program_on_the_same_home) {
  copy_cluster();
  Result<Embedded> first = start();
  ASSERT_TRUE(first.ok());
  const Result<Embedded> second = start();
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.value.find("Another chatpad"), std::string::npos);
  EXPECT_EQ(ask(*first, "select 'alive'"), "alive");
}

TEST_F(EmbeddedTest, stops_what_a_killed_program_left_and_starts_again) {
  copy_cluster();
  Result<Embedded> first = start();
  ASSERT_TRUE(first.ok());
  const pid_t orphan = first->pid;
  EXPECT_EQ(ask(*first, "create table kept as select 7 as n; select 1"), "1");
  // As after kill -9 of the program: the server lives, the lock is free, nobody stops it.
  first->pid = 0;
  ::close(std::exchange(first->lock_fd, -1));
  Result<Embedded> second = start();
  ASSERT_TRUE(second.ok()) << second.error().message.value;
  EXPECT_NE(second->pid, orphan);
  EXPECT_EQ(ask(*second, "select n from kept"), "7");
  // Here, unlike after a real kill, the orphan is still our child.
  ::waitpid(orphan, nullptr, 0);
}

TEST_F(EmbeddedTest, dies_with_the_program) {
  copy_cluster();
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t program = ::fork();
  if (program == 0) {
    EmbeddedOptions options;
    options.home = home_;
    options.durability = Durability::throw_away;
    Result<Embedded> server = Embedded::start(options);
    const pid_t pid = server.ok() ? server->pid : -1;
    if (::write(ready[1], &pid, sizeof pid) < 0) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  pid_t server = 0;
  ASSERT_EQ(::read(ready[0], &server, sizeof server), static_cast<ssize_t>(sizeof server));
  ASSERT_GT(server, 0);
  ::kill(program, SIGKILL);
  ::waitpid(program, nullptr, 0);
  // A shut-down server removes its pid file. Nobody reaps it here but init, so the pid may linger.
  bool gone = false;
  for (int i = 0; i < 3000 && !gone; ++i) {
    ::usleep(5000);
    gone = !std::filesystem::exists(home_ + "/postgres/data/postmaster.pid");
  }
  EXPECT_TRUE(gone);
}

TEST_F(EmbeddedTest, moves_the_socket_when_the_home_lies_too_deep) {
  std::string deep = home_;
  for (int i = 0; i < 4; ++i) deep += "/a_directory_with_quite_a_long_name";
  std::filesystem::create_directories(deep);
  Result<Embedded> server = start_in(deep);
  ASSERT_TRUE(server.ok()) << server.error().message.value << server.error().cause.value;
  EXPECT_LE(server->socket_dir.size() + 15, Embedded::kSocketPathBytesMax);
  EXPECT_EQ(ask(*server, "select 1"), "1");
  const std::string moved = server->socket_dir;
  server->stop();
  EXPECT_FALSE(std::filesystem::exists(moved));
}

TEST_F(EmbeddedTest, keeps_the_cluster_elsewhere_when_the_server_cannot_reach_the_home) {
  if (::geteuid() != 0) {
    // An ordinary user's server runs as himself and reaches what he reaches.
    const Result<ServerUser> user = server_user();
    ASSERT_TRUE(user.ok());
    EXPECT_TRUE(can_reach(home_, *user));
    return;
  }
  ASSERT_EQ(::chmod(home_.c_str(), 0700), 0);
  Result<Embedded> server = start();
  ASSERT_TRUE(server.ok()) << server.error().message.value << server.error().cause.value;
  EXPECT_EQ(server->cluster_dir.substr(0, 17), "/var/lib/chatpad/");
  EXPECT_EQ(ask(*server, "select 1"), "1");
}

TEST_F(EmbeddedTest, says_why_the_server_did_not_start) {
  copy_cluster();
  {
    Result<Embedded> server = start();
    ASSERT_TRUE(server.ok());
  }
  const std::string extra = cluster_ + "/postgresql.user.conf";
  FILE* file = std::fopen(extra.c_str(), "w");
  std::fputs("no_such_setting = 1\n", file);
  std::fclose(file);
  ::chmod(extra.c_str(), 0644);
  const Result<Embedded> failed = start();
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.value.find("postgres.log"), std::string::npos);
  EXPECT_FALSE(failed.error().cause.value.empty());
}

// The pool's view of a server that goes away and comes back.
struct Outage {
  EmbeddedOptions options;
  Embedded* server = nullptr;
};
Outage* g_outage = nullptr;

Task<void> survives_outage(Stage* stage) {
  const Statement one("one", "select 1");
  Claims claims;
  claims.role = Role::none;
  Rows before = co_await stage->pool.once(claims, one, Params());
  g_outage->server->stop();
  co_await sleep_for(stage->loop, 20);
  bool refused = false;
  try {
    Rows during = co_await stage->pool.once(claims, one, Params());
  } catch (const Raised& raised) {
    refused = raised.error().errc == Errc::database_unavailable;
  }
  EXPECT_TRUE(refused);
  EXPECT_FALSE(stage->pool.healthy());
  Result<Embedded> again = Embedded::start(g_outage->options);
  EXPECT_TRUE(again.ok());
  *g_outage->server = std::move(*again);
  // Nobody asks, and still it notices.
  for (int i = 0; i < 1000 && !stage->pool.healthy(); ++i) co_await sleep_for(stage->loop, 10);
  EXPECT_TRUE(stage->pool.healthy());
  Rows after = co_await stage->pool.once(claims, one, Params());
  EXPECT_EQ(after.integer(0, 0), 1);
}

TEST_F(EmbeddedTest, a_pool_recovers_when_the_server_comes_back) {
  copy_cluster();
  Result<Embedded> server = start();
  ASSERT_TRUE(server.ok());
  Outage outage;
  outage.options.home = home_;
  outage.options.durability = Durability::throw_away;
  outage.server = &*server;
  g_outage = &outage;
  PoolOptions options = testing::pool_options(server->conninfo("postgres", "postgres"));
  options.acquire_ms = 200;
  run_scenario(survives_outage, options);
}

}  // namespace
}  // namespace chatpad::pg

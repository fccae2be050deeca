// For tests of any room: a throw-away cluster per test binary, and a stage that runs one coroutine
// on a fresh loop with a fresh pool. Not part of the program.
//
//   Task<void> scenario(Stage* stage) { Rows rows = co_await stage->pool.once(...); ... }
//   TEST(Pool, says_something) { run_scenario(scenario); }
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>

#include "runtime/coro/scope.h"
#include "runtime/pg/blocking.h"
#include "runtime/pg/embedded.h"
#include "runtime/pg/pool.h"

namespace chatpad::pg::testing {

// A fresh home in /tmp that the system user postgres can reach.
inline std::string make_home() {
  char pattern[] = "/tmp/chatpad-test-XXXXXX";
  EXPECT_NE(::mkdtemp(pattern), nullptr);
  ::chmod(pattern, 0711);
  return pattern;
}

class TestDatabase : public ::testing::Environment {
 public:
  static Embedded& server() { return *instance(); }
  static std::string conninfo(std::string_view user, std::string_view database = "postgres") {
    return server().conninfo(user, database);
  }
  // As the superuser; ends the test binary when it fails.
  static Rows sql(const std::string& text, std::string_view database = "postgres") {
    Result<Blocking> connection = Blocking::open(conninfo("postgres", database));
    CHECK(connection.ok(), "the test database can be reached");
    Result<Rows> rows = connection->run(text);
    if (!rows) ADD_FAILURE() << rows.error().cause.value;
    CHECK(rows.ok(), "the test's SQL is right");
    return std::move(*rows);
  }
  void TearDown() override {
    if (!instance()) return;
    instance()->stop();
    std::error_code code;
    std::filesystem::remove_all(home(), code);
  }

 private:
  static std::string& home() {
    static std::string path;
    return path;
  }
  static std::unique_ptr<Embedded>& instance() {
    static std::unique_ptr<Embedded> started;
    if (!started) {
      home() = make_home();
      EmbeddedOptions options;
      options.home = home();
      options.durability = Durability::throw_away;
      Result<Embedded> result = Embedded::start(options);
      if (!result) ADD_FAILURE() << result.error().message.value << result.error().cause.value;
      CHECK(result.ok(), "the test database starts");
      started = std::make_unique<Embedded>(std::move(*result));
      ::testing::AddGlobalTestEnvironment(new TestDatabase);
    }
    return started;
  }
};

struct Stage {
  explicit Stage(PoolOptions options) : pool(loop, std::move(options)) {}
  Loop loop;
  Pool pool;
  Scope scope;  // for the scenario's own tasks; destroyed before the pool
  Scope root;
  bool finished = false;
};

constexpr uint64_t kScenarioMsMax = 60'000;

inline Task<void> guard(Stage* stage, Task<void> body) {
  Task<void> owned = std::move(body);
  try {
    co_await std::move(owned);
  } catch (const Raised& raised) {
    ADD_FAILURE() << error_info(raised.error().errc).code << ": " << raised.error().cause.value;
  }
  stage->finished = true;
  stage->loop.defer([stage] {
    stage->scope.cancel_all();
    stage->pool.close();
    stage->loop.stop();
  });
}

inline PoolOptions pool_options(std::string conninfo, int connections_max = 2) {
  PoolOptions options;
  options.conninfo = std::move(conninfo);
  options.connections_max = connections_max;
  return options;
}

inline void run_scenario(Task<void> (*scenario)(Stage*), PoolOptions options) {
  Stage stage(std::move(options));
  Timer watchdog;
  watchdog.start(stage.loop, kScenarioMsMax, [&stage] {
    ADD_FAILURE() << "the scenario does not end";
    stage.root.cancel_all();
    stage.scope.cancel_all();
    stage.pool.close();
    stage.loop.stop();
  });
  stage.root.spawn(guard(&stage, scenario(&stage)));
  stage.loop.run();
  watchdog.stop();
  EXPECT_TRUE(stage.finished);
}

}  // namespace chatpad::pg::testing

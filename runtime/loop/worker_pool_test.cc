#include "runtime/loop/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "runtime/coro/live_object.h"
#include "runtime/coro/scope.h"

namespace chatpad {
namespace {

Task<void> compute(WorkerPool& pool, Loop& loop, std::function<std::string()> job,
                   std::string& result, LiveObject object) {
  result = co_await pool.run<std::string>(loop, std::move(job));
  result += std::to_string(object.value());
  loop.stop();
}

Task<void> compute_or_say(WorkerPool& pool, Loop& loop, std::function<int()> job, Errc& errc) {
  bool raised = false;
  try {
    const int unused = co_await pool.run<int>(loop, std::move(job));
    errc = unused == 0 ? Errc::conflict : Errc::internal;
  } catch (const Raised& error) {
    raised = true;
    errc = error.error().errc;
  }
  if (raised) co_return;
}

TEST(WorkerPoolTest, TheResultComesBackToTheLoop) {
  Loop loop;
  WorkerPool pool(2, 10);
  Scope scope;
  std::string result;
  const std::thread::id home = std::this_thread::get_id();
  std::function<std::string()> job = [home] {
    EXPECT_NE(std::this_thread::get_id(), home);
    return std::string("done");
  };
  scope.spawn(compute(pool, loop, job, result, LiveObject(7)));
  loop.run();
  EXPECT_EQ(result, "done7");
  EXPECT_EQ(LiveObject::count(), 0);
}

TEST(WorkerPoolTest, ACallerThatWasDestroyedDoesNotGetTheResult) {
  std::promise<void> started;
  std::promise<void> may_end;
  std::string result;
  Loop loop;
  WorkerPool pool(1, 10);
  std::function<std::string()> job = [&] {
    started.set_value();
    may_end.get_future().wait();
    return std::string("late");
  };
  {
    Scope scope;
    scope.spawn(compute(pool, loop, job, result, LiveObject(1)));
    started.get_future().wait();
  }
  EXPECT_EQ(LiveObject::count(), 0);
  may_end.set_value();
  pool.submit([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  EXPECT_EQ(result, "");
}

TEST(WorkerPoolTest, TheJobOfACallerThatHasGoneIsNotRun) {
  std::promise<void> started;
  std::promise<void> may_end;
  std::atomic<bool> ran = false;
  std::string result;
  Loop loop;
  WorkerPool pool(1, 10);
  ASSERT_TRUE(pool.submit([&] {
    started.set_value();
    may_end.get_future().wait();
  }));
  started.get_future().wait();
  std::function<std::string()> job = [&] {
    ran = true;
    return std::string("for nobody");
  };
  {
    Scope scope;
    scope.spawn(compute(pool, loop, job, result, LiveObject(1)));
  }
  may_end.set_value();
  pool.submit([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  EXPECT_FALSE(ran);
  EXPECT_EQ(result, "");
}

TEST(WorkerPoolTest, AFullQueueRaisesOverloadedAtOnce) {
  std::promise<void> started;
  std::promise<void> may_end;
  Loop loop;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.submit([&] {
    started.set_value();
    may_end.get_future().wait();
  }));
  started.get_future().wait();
  ASSERT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  Scope scope;
  Errc errc = Errc::internal;
  std::function<int()> job = [] { return 1; };
  scope.spawn(compute_or_say(pool, loop, job, errc));
  EXPECT_EQ(errc, Errc::overloaded);
  EXPECT_TRUE(scope.empty());
  may_end.set_value();
}

TEST(WorkerPoolTest, DestructionWaitsForTheRunningJobAndDropsTheRest) {
  std::atomic<int> ran{0};
  std::promise<void> started;
  {
    WorkerPool pool(1, 10);
    pool.submit([&] {
      started.set_value();
      ++ran;
    });
    started.get_future().wait();
  }
  EXPECT_EQ(ran, 1);
}

TEST(WorkerPoolTest, AStoppedPoolAnswersToNoLoopAndTakesNoJob) {
  WorkerPool pool(1, 10);
  std::promise<void> started;
  bool posted = true;
  {
    Loop loop(0);
    pool.submit([&] {
      started.set_value();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      posted = loop.post([] {});
    });
    started.get_future().wait();
    loop.stop();
    loop.run();
    pool.stop();  // without it, the job would find no loop any more
  }
  EXPECT_FALSE(posted);
  EXPECT_FALSE(pool.submit([] {}));
  pool.stop();
}

}  // namespace
}  // namespace chatpad

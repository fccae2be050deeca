#include "runtime/coro/scope.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "runtime/coro/live_object.h"
#include "runtime/coro/queue.h"

namespace chatpad {
namespace {

Task<void> finish_at_once(int& finished) {
  ++finished;
  co_return;
}

Task<void> consume(Queue<int>& queue, int& sum, LiveObject object) {
  for (;;) {
    const std::optional<int> item = co_await queue.pop();
    if (!item) break;
    sum += *item * object.value();
  }
}

Task<void> wait_for_all(Scope& scope, bool& joined) {
  co_await scope.join();
  joined = true;
}

Task<void> join_and_destroy(std::unique_ptr<Scope>& scope, bool& joined) {
  co_await scope->join();
  joined = true;
  scope.reset();
}

Task<void> close_when_started(Queue<int>& queue) {
  queue.close();
  co_return;
}

Task<void> spawn_another(Scope& scope, int& finished) {
  scope.spawn(finish_at_once(finished));
  ++finished;
  co_return;
}

Task<void> escape() {
  throw std::runtime_error("nobody caught this");
  co_return;
}

TEST(ScopeTest, RunsATaskAtOnceUpToItsFirstWait) {
  Scope scope;
  int finished = 0;
  EXPECT_EQ(scope.spawn(finish_at_once(finished)), 0u) << "it ended before spawn returned";
  EXPECT_EQ(finished, 1);
  EXPECT_TRUE(scope.empty());
}

TEST(ScopeTest, KeepsAWaitingTaskUntilItEnds) {
  Scope scope;
  Queue<int> queue(4);
  int sum = 0;
  EXPECT_NE(scope.spawn(consume(queue, sum, LiveObject(1))), 0u);
  EXPECT_EQ(scope.size(), 1u);
  queue.push(3);
  queue.push(4);
  EXPECT_EQ(sum, 7);
  queue.close();
  EXPECT_TRUE(scope.empty());
  EXPECT_EQ(LiveObject::count(), 0);
}

TEST(ScopeTest, DestructionDestroysWhatStillWaits) {
  Queue<int> queue(4);
  int sum = 0;
  {
    Scope scope;
    scope.spawn(consume(queue, sum, LiveObject(1)));
    EXPECT_EQ(LiveObject::count(), 1);
  }
  EXPECT_EQ(LiveObject::count(), 0);
  queue.push(1);
  EXPECT_EQ(sum, 0);
}

TEST(ScopeTest, CancelEndsTheNamedTaskOnly) {
  Scope scope;
  Queue<int> first(4);
  Queue<int> second(4);
  Queue<int> third(4);
  int sum = 0;
  scope.spawn(consume(first, sum, LiveObject(1)));
  const Scope::Id id = scope.spawn(consume(second, sum, LiveObject(10)));
  scope.spawn(consume(third, sum, LiveObject(100)));
  scope.cancel(id);
  scope.cancel(id);
  scope.cancel(0);
  scope.cancel(999);
  EXPECT_EQ(scope.size(), 2u);
  EXPECT_EQ(LiveObject::count(), 2);
  first.push(1);
  second.push(1);
  third.push(1);
  EXPECT_EQ(sum, 101);
  scope.cancel_all();
  EXPECT_TRUE(scope.empty());
  EXPECT_EQ(LiveObject::count(), 0);
}

TEST(ScopeTest, JoinWaitsForTheLastTask) {
  Scope waiters;
  Scope scope;
  Queue<int> first(4);
  Queue<int> second(4);
  int sum = 0;
  bool joined = false;
  scope.spawn(consume(first, sum, LiveObject(1)));
  scope.spawn(consume(second, sum, LiveObject(1)));
  waiters.spawn(wait_for_all(scope, joined));
  first.close();
  EXPECT_FALSE(joined);
  second.close();
  EXPECT_TRUE(joined);
  EXPECT_TRUE(waiters.empty());
}

TEST(ScopeTest, JoiningAnEmptyScopeDoesNotWait) {
  Scope waiters;
  Scope scope;
  bool joined = false;
  waiters.spawn(wait_for_all(scope, joined));
  EXPECT_TRUE(joined);
}

TEST(ScopeTest, AJoinerMayBeDestroyedWhileItWaits) {
  Scope scope;
  Queue<int> queue(4);
  int sum = 0;
  bool joined = false;
  scope.spawn(consume(queue, sum, LiveObject(1)));
  {
    Scope waiters;
    waiters.spawn(wait_for_all(scope, joined));
  }
  queue.close();
  EXPECT_FALSE(joined);
}

TEST(ScopeTest, CancellingTheLastTaskWakesTheJoiner) {
  Scope waiters;
  Scope scope;
  Queue<int> queue(4);
  int sum = 0;
  bool joined = false;
  scope.spawn(consume(queue, sum, LiveObject(1)));
  waiters.spawn(wait_for_all(scope, joined));
  scope.cancel_all();
  EXPECT_TRUE(joined);
}

TEST(ScopeTest, AJoinerMayDestroyTheScopeDuringASpawn) {
  Scope waiters;
  auto scope = std::make_unique<Scope>();
  Queue<int> queue(4);
  int sum = 0;
  bool joined = false;
  scope->spawn(consume(queue, sum, LiveObject(1)));
  waiters.spawn(join_and_destroy(scope, joined));
  // The new task closes the queue, which ends the other one; then it ends itself as the last.
  EXPECT_EQ(scope->spawn(close_when_started(queue)), 0u);
  EXPECT_TRUE(joined);
  EXPECT_EQ(scope, nullptr);
}

TEST(ScopeTest, ATaskMaySpawnIntoItsOwnScope) {
  Scope scope;
  int finished = 0;
  scope.spawn(spawn_another(scope, finished));
  EXPECT_EQ(finished, 2);
  EXPECT_TRUE(scope.empty());
}

TEST(ScopeTest, ManyTasksComeAndGo) {
  Scope scope;
  int sum = 0;
  std::vector<std::unique_ptr<Queue<int>>> queues;
  for (int i = 0; i < 1000; ++i) {
    queues.push_back(std::make_unique<Queue<int>>(2));
    scope.spawn(consume(*queues.back(), sum, LiveObject(1)));
  }
  EXPECT_EQ(scope.size(), 1000u);
  for (size_t i = 0; i < queues.size(); i += 2) queues[i]->close();
  EXPECT_EQ(scope.size(), 500u);
  EXPECT_EQ(LiveObject::count(), 500);
  scope.cancel_all();
  EXPECT_EQ(LiveObject::count(), 0);
}

TEST(ScopeDeathTest, AnEscapedExceptionEndsTheProgram) {
  EXPECT_DEATH(
      {
        Scope scope;
        scope.spawn(escape());
      },
      "nobody caught this");
}

}  // namespace
}  // namespace chatpad

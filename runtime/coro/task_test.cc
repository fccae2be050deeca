#include "runtime/coro/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/coro/live_object.h"
#include "runtime/coro/queue.h"

namespace chatpad {
namespace {

Task<int> mark(bool& started, int value) {
  started = true;
  co_return value;
}

Task<int> forward(bool& started) {
  const int value = co_await mark(started, 5);
  co_return value + 1;
}

Task<void> fail_with(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

Task<std::string> what_failed() {
  std::string text;
  try {
    co_await fail_with(std::string("inner"));
  } catch (const std::runtime_error& e) {
    text = e.what();
  }
  co_return text;
}

Task<std::unique_ptr<int>> give_pointer() { co_return std::make_unique<int>(9); }

Task<int> take_pointer() {
  const std::unique_ptr<int> pointer = co_await give_pointer();
  co_return *pointer;
}

Task<int> pop_one(Queue<int>& queue, LiveObject object) {
  const std::optional<int> item = co_await queue.pop();
  co_return item.value_or(0) + object.value();
}

Task<int> outer(Queue<int>& queue) {
  const LiveObject held(1);
  const int value = co_await pop_one(queue, LiveObject(2));
  co_return value;
}

Task<int> count_to(int rounds) {
  int sum = 0;
  bool unused = false;
  for (int i = 0; i < rounds; ++i) {
    const int one = co_await mark(unused, 1);
    sum += one;
  }
  co_return sum;
}

TEST(TaskTest, DoesNotStartUntilAwaited) {
  bool started = false;
  Task<int> task = forward(started);
  EXPECT_FALSE(started);
  EXPECT_FALSE(task.done());
  task.start(nullptr);
  EXPECT_TRUE(started);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take(), 6);
}

TEST(TaskTest, HandsAnExceptionToItsAwaiter) {
  Task<std::string> task = what_failed();
  task.start(nullptr);
  EXPECT_EQ(task.take(), "inner");
}

TEST(TaskTest, KeepsAnExceptionUntilItIsTaken) {
  Task<void> task = fail_with("kept");
  task.start(nullptr);
  ASSERT_TRUE(task.done());
  EXPECT_THROW(task.take(), std::runtime_error);
}

TEST(TaskTest, ResultsNeedNotBeCopyable) {
  Task<int> task = take_pointer();
  task.start(nullptr);
  EXPECT_EQ(task.take(), 9);
}

TEST(TaskTest, DestroyingAWaitingTaskFreesTheWholeChainAndLeavesTheQueue) {
  Queue<int> queue(4);
  {
    Task<int> task = outer(queue);
    task.start(nullptr);
    EXPECT_FALSE(task.done());
    EXPECT_GT(LiveObject::count(), 0);
  }
  EXPECT_EQ(LiveObject::count(), 0);
  EXPECT_TRUE(queue.push(7)) << "nobody waits any more";
  EXPECT_EQ(queue.size(), 1u);
}

TEST(TaskTest, MovingATaskMovesItsOwnership) {
  Queue<int> queue(4);
  Task<int> first = outer(queue);
  first.start(nullptr);
  Task<int> second = std::move(first);
  EXPECT_FALSE(static_cast<bool>(first));
  second = outer(queue);
  EXPECT_EQ(LiveObject::count(), 0) << "the running one was destroyed by the assignment";
}

TEST(TaskTest, ALongLoopOfReadyTasksFinishes) {
  // Tasks that never suspend return to their awaiter by a tail call, which the compiler makes from
  // -O2 on and not under a sanitizer; without it every round takes stack until one suspends.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr int kRounds = 1'000'000;
#else
  constexpr int kRounds = 2'000;
#endif
  Task<int> task = count_to(kRounds);
  task.start(nullptr);
  EXPECT_EQ(task.take(), kRounds);
}

TEST(TaskDeathTest, AnEmptyTaskCannotBeAwaited) {
  Task<int> empty;
  EXPECT_DEATH(std::move(empty).operator co_await(), "an empty task is not awaited");
}

}  // namespace
}  // namespace chatpad

#include "runtime/coro/queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "runtime/coro/scope.h"
#include "runtime/coro/signal.h"

namespace chatpad {
namespace {

Task<void> collect(Queue<int>& queue, std::vector<int>& seen, bool& ended) {
  for (;;) {
    const std::optional<int> item = co_await queue.pop();
    if (!item) break;
    seen.push_back(*item);
  }
  ended = true;
}

Task<void> take_one(Queue<std::unique_ptr<int>>& queue, int& value) {
  const std::optional<std::unique_ptr<int>> item = co_await queue.pop();
  if (item) value = **item;
}

Task<void> wait_until(Signal& signal, const int& value, int wanted, int& done) {
  int rounds = 0;
  while (value < wanted) {
    co_await signal.wait();
    ++rounds;
  }
  ++done;
}

Task<void> wait_then_raise(Signal& signal, int& value) {
  co_await signal.wait();
  value = 2;
  signal.notify();
}

TEST(QueueTest, ItemsComeOutInTheirOrder) {
  Scope scope;
  Queue<int> queue(3);
  std::vector<int> seen;
  bool ended = false;
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  scope.spawn(collect(queue, seen, ended));
  EXPECT_TRUE(queue.push(3));
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(ended);
  queue.close();
  EXPECT_TRUE(ended);
}

TEST(QueueTest, AFullQueueRefusesAndKeepsWhatItHas) {
  Queue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.size(), 2u);
}

TEST(QueueTest, WhatWasPushedBeforeCloseIsStillDelivered) {
  Scope scope;
  Queue<int> queue(2);
  std::vector<int> seen;
  bool ended = false;
  queue.push(1);
  queue.push(2);
  queue.close();
  EXPECT_FALSE(queue.push(3));
  scope.spawn(collect(queue, seen, ended));
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
  EXPECT_TRUE(ended);
}

TEST(QueueTest, ItemsNeedNotBeCopyable) {
  Scope scope;
  Queue<std::unique_ptr<int>> queue(2);
  int value = 0;
  scope.spawn(take_one(queue, value));
  queue.push(std::make_unique<int>(5));
  EXPECT_EQ(value, 5);
}

TEST(QueueTest, AConsumerThatIsDestroyedMakesRoomForAnother) {
  Queue<int> queue(2);
  std::vector<int> seen;
  bool ended = false;
  {
    Scope scope;
    scope.spawn(collect(queue, seen, ended));
  }
  Scope scope;
  scope.spawn(collect(queue, seen, ended));
  queue.push(4);
  EXPECT_EQ(seen, std::vector<int>{4});
}

TEST(SignalTest, WakesEverybodyWhoWaits) {
  Scope scope;
  Signal signal;
  int value = 0;
  int done = 0;
  for (int i = 0; i < 5; ++i) scope.spawn(wait_until(signal, value, 1, done));
  signal.notify();
  EXPECT_EQ(done, 0);
  value = 1;
  signal.notify();
  EXPECT_EQ(done, 5);
  EXPECT_TRUE(scope.empty());
}

TEST(SignalTest, AWaiterThatIsDestroyedIsForgotten) {
  Signal signal;
  int value = 0;
  int done = 0;
  {
    Scope scope;
    scope.spawn(wait_until(signal, value, 1, done));
  }
  signal.notify();
  EXPECT_EQ(done, 0);
}

TEST(SignalTest, AChangeDuringAWakeUpIsNotMissed) {
  Scope scope;
  Signal signal;
  int value = 0;
  int done = 0;
  scope.spawn(wait_until(signal, value, 2, done));
  scope.spawn(wait_then_raise(signal, value));
  scope.spawn(wait_until(signal, value, 2, done));
  signal.notify();
  EXPECT_EQ(done, 2) << "who had been woken before the change was woken again";
}

}  // namespace
}  // namespace chatpad

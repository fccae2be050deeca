#include "runtime/loop/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/coro/live_object.h"
#include "runtime/coro/scope.h"

namespace chatpad {
namespace {

Task<void> sleep_then(Loop& loop, uint64_t delay_ms, std::vector<int>& order, int value,
                      LiveObject object) {
  co_await sleep_for(loop, delay_ms);
  order.push_back(value + object.value());
  if (order.size() == 3) loop.stop();
}

TEST(TimerTest, FireInTheOrderOfTheirDeadlines) {
  Loop loop;
  std::string order;
  Timer a;
  Timer b;
  Timer c;
  a.start(loop, 30, [&] {
    order += 'a';
    loop.stop();
  });
  b.start(loop, 10, [&] { order += 'b'; });
  c.start(loop, 20, [&] { order += 'c'; });
  loop.run();
  EXPECT_EQ(order, "bca");
}

TEST(TimerTest, AStoppedTimerDoesNotFire) {
  Loop loop;
  bool fired = false;
  Timer stopped;
  stopped.start(loop, 1, [&] { fired = true; });
  EXPECT_TRUE(stopped.running());
  stopped.stop();
  EXPECT_FALSE(stopped.running());
  {
    Timer destroyed;
    destroyed.start(loop, 1, [&] { fired = true; });
  }
  Timer end;
  end.start(loop, 5, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(fired);
}

TEST(TimerTest, StartingAgainReplacesTheDeadline) {
  Loop loop;
  std::string order;
  Timer timer;
  timer.start(loop, 1, [&] { order += 'x'; });
  timer.start(loop, 5, [&] {
    order += 'y';
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(order, "y");
}

TEST(TimerTest, MayRestartOrDestroyItselfWhenItFires) {
  Loop loop;
  int rounds = 0;
  Timer again;
  std::function<void()> fire = [&] {
    if (++rounds == 3) {
      loop.stop();
    } else {
      again.start(loop, 1, fire);
    }
  };
  again.start(loop, 1, fire);
  auto once = std::make_unique<Timer>();
  once->start(loop, 1, [&] { once.reset(); });
  loop.run();
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(once, nullptr);
}

TEST(TimerTest, ATimerThatRestartsWithoutDelayLetsOthersRun) {
  Loop loop;
  int rounds = 0;
  bool posted = false;
  Timer busy;
  std::function<void()> fire = [&] {
    ++rounds;
    if (posted || rounds > 100'000) {
      loop.stop();
    } else {
      busy.start(loop, 0, fire);
    }
  };
  busy.start(loop, 0, fire);
  loop.post([&] { posted = true; });
  loop.run();
  EXPECT_TRUE(posted);
}

TEST(TimerTest, ThousandsKeepTheirOrderThroughRandomStops) {
  Loop loop;
  uint32_t state = 1;
  const auto random = [&state] { return (state = state * 1664525 + 1013904223) >> 16; };
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<uint64_t> fired;
  size_t expected = 0;
  for (int i = 0; i < 3000; ++i) {
    timers.push_back(std::make_unique<Timer>());
    const uint64_t delay_ms = random() % 20;
    timers.back()->start(loop, delay_ms, [&fired, delay_ms] { fired.push_back(delay_ms); });
  }
  for (auto& timer : timers) {
    if (random() % 3 == 0) timer->stop();
    expected += timer->running() ? 1 : 0;
  }
  Timer end;
  end.start(loop, 40, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(fired.size(), expected);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

TEST(SleepTest, CoroutinesWakeInTheOrderOfTheirDeadlines) {
  Loop loop;
  Scope scope;
  std::vector<int> order;
  scope.spawn(sleep_then(loop, 20, order, 3, LiveObject(0)));
  scope.spawn(sleep_then(loop, 1, order, 1, LiveObject(0)));
  scope.spawn(sleep_then(loop, 10, order, 2, LiveObject(0)));
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(LiveObject::count(), 0);
}

TEST(SleepTest, ADestroyedSleeperNeverWakes) {
  Loop loop;
  std::vector<int> order;
  {
    Scope scope;
    scope.spawn(sleep_then(loop, 1, order, 1, LiveObject(0)));
    EXPECT_EQ(LiveObject::count(), 1);
  }
  EXPECT_EQ(LiveObject::count(), 0);
  Timer end;
  end.start(loop, 5, [&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(order.empty());
}

TEST(LoopTest, DeferredFunctionsRunOutsideTheCurrentStack) {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.defer([&] {
      order += 'c';
      loop.stop();
    });
    order += 'a';
    loop.defer([&] { order += 'd'; });
    order += 'b';
  });
  loop.run();
  EXPECT_EQ(order, "abcd");
}

TEST(LoopTest, TurnEndsRunAfterDeferredOnesAndSeeTheirWork) {
  Loop loop;
  std::string order;
  bool more = true;
  loop.on_turn_end([&] {
    order += 'f';
    if (order.size() > 1 && std::exchange(more, false)) {
      loop.defer([&] {
        order += 'e';
        loop.stop();
      });
    }
  });
  loop.post([&] { loop.defer([&] { order += 'd'; }); });
  loop.run();
  EXPECT_EQ(order.substr(order.find('d')), "dfef");
}

TEST(LoopTest, TurnEndsMayAddAndRemoveEachOtherWhileTheyRun) {
  Loop loop;
  std::string order;
  uint64_t self = 0;
  std::vector<uint64_t> added;
  const std::string captured(100, 'x');
  self = loop.on_turn_end([&, captured] {
    loop.remove_turn_end(self);
    for (int i = 0; i < 50; ++i) added.push_back(loop.on_turn_end([&] { order += 'n'; }));
    order += captured[99];
  });
  loop.on_turn_end([&] {
    for (const uint64_t id : added) loop.remove_turn_end(id);
    order += 'y';
    if (order.size() > 3) loop.stop();
    loop.post([] {});
  });
  loop.post([] {});
  loop.run();
  EXPECT_EQ(order.substr(0, 2), "xy");
  EXPECT_EQ(order.find('n'), std::string::npos) << "removed before their turn";
  EXPECT_EQ(order.find('x', 1), std::string::npos) << "it removed itself";
}

TEST(LoopTest, PostedFunctionsFromOtherThreadsAllRunOnTheLoop) {
  Loop loop;
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  int ran = 0;
  const std::thread::id home = std::this_thread::get_id();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const bool taken = loop.post([&] {
          EXPECT_EQ(std::this_thread::get_id(), home);
          if (++ran == kThreads * kEach) loop.stop();
        });
        EXPECT_TRUE(taken);
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST(LoopTest, AStoppedLoopTakesNoPosts) {
  Loop loop;
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(loop.stopping());
  EXPECT_FALSE(loop.post([] {}));
}

TEST(LoopTest, PostingWhileTheLoopStopsIsSafe) {
  for (int round = 0; round < 50; ++round) {
    Loop loop;
    std::thread poster([&] {
      while (loop.post([] {})) {
      }
    });
    loop.post([&] { loop.stop(); });
    loop.run();
    poster.join();
  }
}

TEST(LoopTest, TheMailboxIsBounded) {
  Loop loop;
  size_t taken = 0;
  while (taken <= Loop::kMailboxItemsMax && loop.post([] {})) ++taken;
  EXPECT_EQ(taken, Loop::kMailboxItemsMax);
}

TEST(LoopTest, ALoopThatNeverRanIsDestroyedCleanly) {
  Loop loop;
  loop.defer([] { FAIL() << "it never runs"; });
}

}  // namespace
}  // namespace chatpad

// Loop: one libuv event loop on one thread, and the few things everything on it needs.
//
//   defer()       run a function at the end of this turn, outside the current stack
//   on_turn_end() run a function at the end of every turn, after the deferred ones (hub flush)
//   post()        the only thread-safe member: run a function on this loop from another thread
//   Timer         a cancellable deadline, O(log n), no allocation
//   sleep_for()   the same for a coroutine
//
// A Loop owns no handles of others: whoever opens a uv handle on raw() closes it before run() can
// return. Limits: kMailboxItemsMax posted functions wait at most; post() says false beyond it.
#pragma once

#include <uv.h>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace chatpad {

class Loop;

class Timer {
 public:
  Timer() = default;
  ~Timer() { stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces a running deadline. `fire` runs once, on the loop, from the loop's own stack; it may
  // restart or destroy the timer.
  void start(Loop& loop, uint64_t delay_ms, std::function<void()> fire);
  void stop();
  bool running() const { return index_ != kIdle; }

 private:
  friend class Loop;
  static constexpr size_t kIdle = static_cast<size_t>(-1);
  Loop* loop_ = nullptr;
  uint64_t due_ms_ = 0;
  size_t index_ = kIdle;
  std::function<void()> fire_;
};

class Loop {
 public:
  static constexpr size_t kMailboxItemsMax = 1 << 17;

  explicit Loop(int index = 0);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  int index() const { return index_; }
  uv_loop_t* raw() { return &uv_; }
  // Milliseconds of the loop's own cached monotonic clock.
  uint64_t now_ms() const { return uv_now(&uv_); }

  void run();   // until stop(), then until every handle is closed
  void stop();  // from the loop's thread
  bool stopping() const { return stopping_; }

  void defer(std::function<void()> fn) { deferred_.push_back(std::move(fn)); }
  // Returns an id for remove_turn_end().
  uint64_t on_turn_end(std::function<void()> fn);
  void remove_turn_end(uint64_t id);

  bool post(std::function<void()> fn);

 private:
  friend class Timer;
  struct TurnEnd {
    uint64_t id;  // 0: removed, erased when nothing runs
    std::function<void()> fn;
  };
  void run_turn_end();
  void drain_mailbox();
  void fire_due();
  void arm();
  void heap_push(Timer* timer);
  void heap_remove(Timer* timer);
  void sift_up(size_t i);
  void sift_down(size_t i);

  uv_loop_t uv_{};
  uv_prepare_t prepare_{};
  uv_async_t async_{};
  uv_timer_t timer_{};
  int index_;
  bool stopping_ = false;
  uint64_t armed_ms_ = 0;
  bool firing_ = false;
  uint64_t next_turn_end_id_ = 1;
  std::vector<Timer*> heap_;
  std::vector<std::function<void()>> deferred_;
  std::deque<TurnEnd> turn_end_;  // keeps running functions in place while others are added
  bool in_turn_end_ = false;
  std::mutex mailbox_mutex_;
  std::vector<std::function<void()>> mailbox_;
};

// co_await sleep_for(loop, 50);
class SleepAwaiter {
 public:
  SleepAwaiter(Loop& loop, uint64_t delay_ms) : loop_(loop), delay_ms_(delay_ms) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    timer_.start(loop_, delay_ms_, [awaiting] { awaiting.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
  uint64_t delay_ms_;
  Timer timer_;
};

inline SleepAwaiter sleep_for(Loop& loop, uint64_t delay_ms) {
  return SleepAwaiter(loop, delay_ms);
}

}  // namespace chatpad

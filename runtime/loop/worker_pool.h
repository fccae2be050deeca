// WorkerPool: a few threads for work that would block a loop (password hashing, slow files).
//
//   std::string hash = co_await pool.run<std::string>(loop, job);   // job is a named std::function
//
// The result comes back as a posted function on `loop`. A caller destroyed meanwhile does not get
// it; a job that waits is not run for it. When jobs_max jobs wait already, run() raises
// Errc::overloaded at once. Jobs must not throw. stop() comes before the loops that jobs answer to
// are destroyed; the destructor calls it otherwise.
#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"

namespace chatpad {

class WorkerPool {
 public:
  WorkerPool(int threads, size_t jobs_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Drops the jobs that wait and joins those under way. From then on none is taken.
  void stop();

  // False when the queue is full.
  bool submit(std::function<void()> job);

  template <class T>
  class Awaiter {
   public:
    Awaiter(WorkerPool& pool, Loop& loop, std::function<T()> job)
        : pool_(pool), loop_(loop), job_(std::move(job)), state_(std::make_shared<State>()) {}
    Awaiter(const Awaiter&) = delete;
    ~Awaiter() {
      state_->waiter = nullptr;
      state_->abandoned.store(true, std::memory_order_relaxed);
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      state_->waiter = awaiting;
      Loop* loop = &loop_;
      const bool taken = pool_.submit([state = state_, job = std::move(job_), loop] {
        if (state->abandoned.load(std::memory_order_relaxed)) return;
        state->value.emplace(job());
        loop->post([state] {
          if (state->waiter) std::exchange(state->waiter, nullptr).resume();
        });
      });
      if (!taken) raise(Errc::overloaded);
    }
    T await_resume() { return std::move(*state_->value); }

   private:
    struct State {
      std::optional<T> value;          // written by the worker before it posts
      std::coroutine_handle<> waiter;  // touched by the loop only
      std::atomic<bool> abandoned = false;
    };
    WorkerPool& pool_;
    Loop& loop_;
    std::function<T()> job_;
    std::shared_ptr<State> state_;
  };

  template <class T>
  Awaiter<T> run(Loop& loop, std::function<T()> job) {
    return Awaiter<T>(*this, loop, std::move(job));
  }

 private:
  void work();

  size_t jobs_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace chatpad

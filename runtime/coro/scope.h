// Scope: owns tasks that nobody awaits.
//
// `spawn()` runs a task until its first suspension and keeps it until it ends. Destroying the
// Scope, or `cancel()`, destroys the tasks that still wait (cancellation is destruction, see
// task.h), so a Scope must be a member of whatever its tasks use. Never cancel a task from its own
// stack: defer to the next turn of the loop (Loop::defer).
//
// Not thread-safe: a Scope belongs to one loop. A spawned task deals with its own errors; an
// exception that escapes it ends the program with a sentence.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "runtime/coro/task.h"

namespace chatpad {

class Scope {
 public:
  using Id = uint64_t;

  Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { cancel_all(); }

  // The id names the task for cancel(); 0 when the task ended before spawn() returned.
  Id spawn(Task<void> task);
  void cancel(Id id);
  void cancel_all();
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Suspends until no task is left. One waiter at a time.
  class JoinAwaiter {
   public:
    explicit JoinAwaiter(Scope& scope) : scope_(scope) {}
    ~JoinAwaiter() {
      if (registered_) scope_.joiner_ = nullptr;
    }
    bool await_ready() const noexcept { return scope_.empty(); }
    void await_suspend(std::coroutine_handle<> awaiting) {
      CHECK(!scope_.joiner_, "one waiter joins a scope");
      scope_.joiner_ = awaiting;
      registered_ = true;
    }
    void await_resume() noexcept { registered_ = false; }

   private:
    Scope& scope_;
    bool registered_ = false;
  };
  JoinAwaiter join() { return JoinAwaiter(*this); }

 private:
  struct Root;
  struct Node {
    Node* next = nullptr;
    Node* prev = nullptr;
    std::coroutine_handle<> handle;
    Id id = 0;
    bool* ended = nullptr;  // set when the task ends while spawn() still runs
  };
  static Root run(Scope& scope, Task<void> task);
  void link(Node& node);
  void unlink(Node& node);

  Node* head_ = nullptr;
  size_t size_ = 0;
  Id next_id_ = 1;
  std::coroutine_handle<> joiner_;
};

}  // namespace chatpad

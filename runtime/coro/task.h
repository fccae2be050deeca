// Task<T>: a lazy coroutine with exactly one awaiter.
//
// It does nothing until awaited (or spawned into a Scope), runs on the thread that resumes it, and
// hands its value or exception to the awaiter. Destroying a suspended Task destroys its whole chain
// of frames: that IS cancellation here. Every awaiter in the program therefore unregisters itself
// in its destructor, and a Task may be destroyed only from a turn of the loop in which it is not
// running (see Scope).
//
// Rules for writing one, because g++ 12 miscompiles the alternatives silently
// (docs/style.md has the cases; tests/tidy enforces them):
//   - one co_await per statement: `T x = co_await f(names, scalars, constructor calls);`
//   - never in an if/while/switch condition; no braces, lambdas or ternaries in that statement
//   - parameters by value; nothing borrowed lives across a co_await
//   - a capturing lambda is never a coroutine
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/base/check.h"

namespace chatpad {

template <class T>
class Task;

namespace coro_internal {

struct FinalAwaiter {
  FinalAwaiter() = default;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    const std::coroutine_handle<> next = self.promise().continuation;
    return next ? next : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (exception) std::rethrow_exception(std::exchange(exception, nullptr));
    CHECK(value.has_value(), "a finished task has a value");
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() {
    if (exception) std::rethrow_exception(std::exchange(exception, nullptr));
  }
};

}  // namespace coro_internal

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = coro_internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  explicit operator bool() const { return handle_ != nullptr; }
  bool done() const { return handle_ && handle_.done(); }

  class Awaiter {
   public:
    explicit Awaiter(Handle handle) : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
      handle_.promise().continuation = awaiting;
      return handle_;
    }
    T await_resume() { return handle_.promise().take(); }

   private:
    Handle handle_;
  };
  Awaiter operator co_await() && {
    CHECK(handle_, "an empty task is not awaited");
    return Awaiter(handle_);
  }

  // For Scope and tests: runs until the first suspension. `on_done` is resumed at the end.
  void start(std::coroutine_handle<> on_done) {
    handle_.promise().continuation = on_done;
    handle_.resume();
  }
  T take() { return handle_.promise().take(); }

 private:
  void reset() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }
  Handle handle_;
};

namespace coro_internal {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace coro_internal
}  // namespace chatpad

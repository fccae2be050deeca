// Queue<T>: a bounded queue between one or more producers and one consuming coroutine of the same
// loop. `push` never waits: it says false when the queue is full or closed, and the producer
// decides what that means. `pop` gives std::nullopt once the queue is closed and empty.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "runtime/base/check.h"

namespace chatpad {

template <class T>
class Queue {
 public:
  explicit Queue(size_t items_max) : items_max_(items_max) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  bool push(T item) {
    if (closed_ || items_.size() >= items_max_) return false;
    items_.push_back(std::move(item));
    wake();
    return true;
  }
  void close() {
    closed_ = true;
    wake();
  }
  bool closed() const { return closed_; }
  size_t size() const { return items_.size(); }

  class PopAwaiter {
   public:
    explicit PopAwaiter(Queue& queue) : queue_(queue) {}
    ~PopAwaiter() {
      if (waiting_) queue_.waiter_ = nullptr;
    }
    bool await_ready() const noexcept { return !queue_.items_.empty() || queue_.closed_; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      CHECK(!queue_.waiter_, "one coroutine consumes a queue");
      queue_.waiter_ = awaiting;
      waiting_ = true;
    }
    std::optional<T> await_resume() {
      waiting_ = false;
      if (queue_.items_.empty()) return std::nullopt;
      std::optional<T> item(std::move(queue_.items_.front()));
      queue_.items_.pop_front();
      return item;
    }

   private:
    Queue& queue_;
    bool waiting_ = false;
  };
  PopAwaiter pop() { return PopAwaiter(*this); }

 private:
  void wake() {
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

  std::deque<T> items_;
  size_t items_max_;
  bool closed_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace chatpad

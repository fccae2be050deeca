// Signal: "something changed", for any number of waiting coroutines of one loop.
//
//   while (cursor == run.events().size()) co_await run.changed().wait();   // named, see task.h
//
// A waiter that is destroyed leaves the list. notify() resumes those who wait at that moment;
// whoever waits again during it is woken by the next one. The Signal must outlive notify().
#pragma once

#include <algorithm>
#include <coroutine>
#include <utility>
#include <vector>

namespace chatpad {

class Signal {
 public:
  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  class Awaiter {
   public:
    explicit Awaiter(Signal& signal) : signal_(signal) {}
    Awaiter(const Awaiter&) = delete;
    ~Awaiter() {
      if (!waiting_) return;
      std::erase(signal_.waiters_, this);
      std::replace(signal_.waking_.begin(), signal_.waking_.end(), this,
                   static_cast<Awaiter*>(nullptr));
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      handle_ = awaiting;
      waiting_ = true;
      signal_.waiters_.push_back(this);
    }
    void await_resume() noexcept {}

   private:
    friend class Signal;
    Signal& signal_;
    std::coroutine_handle<> handle_;
    bool waiting_ = false;
  };
  Awaiter wait() { return Awaiter(*this); }

  void notify() {
    // Inside another notify(): that one goes round again, because who was woken already and waits
    // again has not seen this change.
    again_ = true;
    if (!waking_.empty()) return;
    while (std::exchange(again_, false)) {
      waking_.swap(waiters_);
      for (size_t i = 0; i < waking_.size(); ++i) {
        Awaiter* waiter = waking_[i];
        if (!waiter) continue;
        waking_[i] = nullptr;
        waiter->waiting_ = false;
        waiter->handle_.resume();
      }
      waking_.clear();
    }
  }

 private:
  std::vector<Awaiter*> waiters_;
  std::vector<Awaiter*> waking_;
  bool again_ = false;
};

}  // namespace chatpad

#include "runtime/loop/loop.h"

#include "runtime/base/check.h"
#include "runtime/base/log.h"

namespace chatpad {

void Timer::start(Loop& loop, uint64_t delay_ms, std::function<void()> fire) {
  stop();
  loop_ = &loop;
  due_ms_ = loop.now_ms() + delay_ms;
  // The loop's clock stands still while timers fire: without this, one that restarts itself with no
  // delay would keep the loop from everything else.
  if (loop.firing_ && delay_ms == 0) ++due_ms_;
  fire_ = std::move(fire);
  loop.heap_push(this);
}

void Timer::stop() {
  if (running()) loop_->heap_remove(this);
}

Loop::Loop(int index) : index_(index) {
  CHECK(uv_loop_init(&uv_) == 0, "an event loop can be created");
  CHECK(uv_prepare_init(&uv_, &prepare_) == 0, "libuv: prepare handle");
  CHECK(uv_async_init(&uv_, &async_,
                      [](uv_async_t* h) { static_cast<Loop*>(h->data)->drain_mailbox(); }) == 0,
        "libuv: async handle");
  CHECK(uv_timer_init(&uv_, &timer_) == 0, "libuv: timer handle");
  prepare_.data = async_.data = timer_.data = this;
  uv_prepare_start(&prepare_, [](uv_prepare_t* h) { static_cast<Loop*>(h->data)->run_turn_end(); });
}

Loop::~Loop() {
  if (!stopping_) {
    stop();
    uv_run(&uv_, UV_RUN_DEFAULT);
  }
  CHECK(uv_loop_close(&uv_) == 0, "every handle is closed before its loop ends");
}

void Loop::run() { uv_run(&uv_, UV_RUN_DEFAULT); }

void Loop::stop() {
  if (stopping_) return;
  // Under the lock: post() may be signalling the handle from another thread.
  const std::lock_guard lock(mailbox_mutex_);
  stopping_ = true;
  uv_prepare_stop(&prepare_);
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
}

uint64_t Loop::on_turn_end(std::function<void()> fn) {
  turn_end_.push_back(TurnEnd{next_turn_end_id_, std::move(fn)});
  return next_turn_end_id_++;
}

void Loop::remove_turn_end(uint64_t id) {
  for (TurnEnd& item : turn_end_) {
    if (item.id == id) item.id = 0;
  }
  if (!in_turn_end_) std::erase_if(turn_end_, [](const TurnEnd& t) { return t.id == 0; });
}

void Loop::run_turn_end() {
  // A flush may defer more work and deferred work may publish more: go round until both are quiet,
  // so that nothing waits for the next wake-up.
  do {
    std::vector<std::function<void()>> batch;
    batch.swap(deferred_);
    for (auto& fn : batch) fn();
    if (deferred_.empty()) {
      in_turn_end_ = true;
      for (size_t i = 0; i < turn_end_.size(); ++i) {
        if (turn_end_[i].id != 0) turn_end_[i].fn();
      }
      in_turn_end_ = false;
      std::erase_if(turn_end_, [](const TurnEnd& t) { return t.id == 0; });
    }
  } while (!deferred_.empty());
}

bool Loop::post(std::function<void()> fn) {
  const std::lock_guard lock(mailbox_mutex_);
  if (stopping_ || mailbox_.size() >= kMailboxItemsMax) return false;
  mailbox_.push_back(std::move(fn));
  if (mailbox_.size() == 1) uv_async_send(&async_);
  return true;
}

void Loop::drain_mailbox() {
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(mailbox_mutex_);
    batch.swap(mailbox_);
  }
  for (auto& fn : batch) fn();
}

void Loop::fire_due() {
  armed_ms_ = 0;
  firing_ = true;
  const uint64_t now = now_ms();
  while (!heap_.empty() && heap_[0]->due_ms_ <= now) {
    Timer* timer = heap_[0];
    heap_remove(timer);
    std::function<void()> fire = std::move(timer->fire_);
    fire();  // may destroy the timer
    if (stopping_) break;
  }
  firing_ = false;
  arm();
}

void Loop::arm() {
  if (heap_.empty() || stopping_) return;
  const uint64_t due = heap_[0]->due_ms_;
  // An earlier alarm than needed is harmless; re-arming costs more than one early wake-up.
  if (armed_ms_ != 0 && armed_ms_ <= due) return;
  armed_ms_ = due;
  const uint64_t now = now_ms();
  uv_timer_start(
      &timer_, [](uv_timer_t* h) { static_cast<Loop*>(h->data)->fire_due(); },
      due > now ? due - now : 0, 0);
}

void Loop::heap_push(Timer* timer) {
  timer->index_ = heap_.size();
  heap_.push_back(timer);
  sift_up(timer->index_);
  arm();
}

void Loop::heap_remove(Timer* timer) {
  const size_t i = timer->index_;
  timer->index_ = Timer::kIdle;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == timer) return;
  heap_[i] = last;
  last->index_ = i;
  sift_up(i);
  sift_down(last->index_);
}

void Loop::sift_up(size_t i) {
  while (i > 0) {
    const size_t parent = (i - 1) / 2;
    if (heap_[parent]->due_ms_ <= heap_[i]->due_ms_) return;
    std::swap(heap_[parent], heap_[i]);
    heap_[parent]->index_ = parent;
    heap_[i]->index_ = i;
    i = parent;
  }
}

void Loop::sift_down(size_t i) {
  for (;;) {
    size_t least = i;
    for (const size_t child : {2 * i + 1, 2 * i + 2}) {
      if (child < heap_.size() && heap_[child]->due_ms_ < heap_[least]->due_ms_) least = child;
    }
    if (least == i) return;
    std::swap(heap_[least], heap_[i]);
    heap_[least]->index_ = least;
    heap_[i]->index_ = i;
    i = least;
  }
}

}  // namespace chatpad

#include "functions/shared/ai/breaker.h"

#include <algorithm>
#include <utility>

namespace chatpad::functions::ai {

Breaker::State Breaker::state(uint64_t now_ms) const {
  if (!open_) return State::closed;
  return now_ms < until_ms_ ? State::open : State::half_open;
}

bool Breaker::admit(uint64_t now_ms) {
  const State now = state(now_ms);
  if (now == State::closed) return true;
  if (now == State::open || probing_) return false;
  probing_ = true;
  return true;
}

void Breaker::succeeded() {
  failures_ = 0;
  open_ = false;
  probing_ = false;
  open_ms_ = kBreakerOpenMs;
}

void Breaker::failed(uint64_t now_ms) {
  const bool was_probe = std::exchange(probing_, false);
  ++failures_;
  if (was_probe) {
    open_ms_ = std::min(open_ms_ * 2, kBreakerOpenMsMax);
  } else if (open_ || failures_ < kBreakerFailures) {
    return;
  }
  open_ = true;
  until_ms_ = now_ms + open_ms_;
}

}  // namespace chatpad::functions::ai

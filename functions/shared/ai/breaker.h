// Breaker: keeps questions away from a service that is down, so that visitors need not wait for it.
//
// Closed, it lets everything through and counts failures in a row; after kBreakerFailures it opens
// and lets nothing through for kBreakerOpenMs. Then it is half open: one question is let through,
// whose success closes it and whose failure opens it for twice as long, up to kBreakerOpenMsMax.
// A question that was let through and never told about (cancelled) lets the next one through.
//
// One per service and key, on one loop. Pure: the time is told.
#pragma once

#include <cstdint>

namespace chatpad::functions::ai {

constexpr int kBreakerFailures = 5;
constexpr uint64_t kBreakerOpenMs = 5'000;
constexpr uint64_t kBreakerOpenMsMax = 60'000;

class Breaker {
 public:
  enum class State : uint8_t { closed, open, half_open };

  State state(uint64_t now_ms) const;
  // Whether a question may go out now; a half-open breaker says yes once.
  bool admit(uint64_t now_ms);
  void succeeded();
  void failed(uint64_t now_ms);
  // The question ended without saying anything about the service.
  void gave_up() { probing_ = false; }

 private:
  int failures_ = 0;
  bool open_ = false;
  bool probing_ = false;
  uint64_t open_ms_ = kBreakerOpenMs;
  uint64_t until_ms_ = 0;
};

// One question that was admitted. Whoever leaves before the answer has said nothing of the service.
class Admission {
 public:
  explicit Admission(Breaker& breaker) : breaker_(breaker) {}
  ~Admission() {
    if (!told_) breaker_.gave_up();
  }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  void succeeded() {
    told_ = true;
    breaker_.succeeded();
  }
  // Whether this has opened the breaker.
  bool failed(uint64_t now_ms) {
    told_ = true;
    const bool was_open = breaker_.state(now_ms) == Breaker::State::open;
    breaker_.failed(now_ms);
    return !was_open && breaker_.state(now_ms) == Breaker::State::open;
  }

 private:
  Breaker& breaker_;
  bool told_ = false;
};

}  // namespace chatpad::functions::ai

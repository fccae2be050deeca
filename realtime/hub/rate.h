// A token bucket: `per_s` tokens a second, kRateBurstSeconds of them kept. Full at first.
#pragma once

#include <algorithm>
#include <cstdint>

#include "realtime/hub/limits.h"

namespace chatpad::realtime {

class RateBucket {
 public:
  // False when fewer than `cost` tokens are left; then nothing is taken.
  bool take(double cost, double per_s, uint64_t now_ms) {
    const double full = per_s * kRateBurstSeconds;
    if (last_ms_ == 0) tokens_ = full;
    if (now_ms > last_ms_) {
      const double grown = static_cast<double>(now_ms - last_ms_) * per_s / 1000.0;
      tokens_ = std::min(full, tokens_ + grown);
    }
    last_ms_ = std::max<uint64_t>(now_ms, 1);
    if (tokens_ < cost) return false;
    tokens_ -= cost;
    return true;
  }

 private:
  double tokens_ = 0;
  uint64_t last_ms_ = 0;
};

}  // namespace chatpad::realtime

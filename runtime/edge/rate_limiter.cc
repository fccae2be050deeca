#include "runtime/edge/rate_limiter.h"

#include <algorithm>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"

namespace chatpad::edge {
namespace {

constexpr uint64_t kUsPerSecond = 1'000'000;
constexpr uint32_t kWindowSecondsMax = 86'400;  // of what another program tells

// Keyed, so that a client cannot choose a name that collides with somebody else's.
uint64_t key_of(SipKey seed, std::string_view rate_class, std::string_view client) {
  const uint64_t of_class = siphash(seed, rate_class);
  return siphash(SipKey{seed.low ^ of_class, seed.high}, client);
}

uint32_t whole_seconds(uint64_t us) {
  return static_cast<uint32_t>((us + kUsPerSecond - 1) / kUsPerSecond);
}

}  // namespace

RateLimiter::RateLimiter(double scale) : scale_(scale) { random_bytes(&seed_, sizeof seed_); }

RateVerdict RateLimiter::admit(std::string_view rate_class, std::string_view client, uint32_t count,
                               uint32_t window_s) {
  const double scaled = std::max(1.0, count * scale_);
  const uint64_t window_us = window_s * kUsPerSecond;
  const auto step_us = std::max<uint64_t>(1, static_cast<uint64_t>(window_us / scaled));
  const uint64_t key = key_of(seed_, rate_class, client);
  Shard& shard = shards_[key % kShards];
  const uint64_t now = monotonic_us();
  RateVerdict verdict;
  verdict.limit = static_cast<uint64_t>(scaled);
  verdict.window_s = window_s;
  bool wake = false;
  {
    const std::lock_guard lock(shard.mutex);
    if (shard.full_at_us.size() >= kKeysMax) evict(shard, now);
    uint64_t& full_at = shard.full_at_us[key];
    const uint64_t start = std::max(full_at, now);
    verdict.reset_s = whole_seconds(start - now);
    if (start + step_us > now + window_us) {
      verdict.wait_s = static_cast<int>((start + step_us - now - window_us) / kUsPerSecond) + 1;
      return verdict;
    }
    full_at = start + step_us;
    verdict.reset_s = whole_seconds(full_at - now);
    verdict.remaining = std::min((now + window_us - full_at) / step_us, verdict.limit - 1);
    if (sharing_.load(std::memory_order_relaxed)) wake = note(shard, {key, step_us, window_s});
  }
  if (wake && wake_) wake_();
  return verdict;
}

void RateLimiter::share(SipKey seed, std::function<void()> wake) {
  seed_ = seed;
  wake_ = std::move(wake);
}

bool RateLimiter::note(Shard& shard, const RateAdmission& admission) {
  const auto known = shard.admitted.find(admission.key);
  if (known != shard.admitted.end()) {
    known->second.spent_us += admission.spent_us;
  } else if (shard.admitted.size() < kAdmissionsMax) {
    shard.admitted.emplace(admission.key, admission);
  } else {
    untold_.fetch_add(1, std::memory_order_relaxed);
  }
  return !woken_.exchange(true);
}

std::vector<RateAdmission> RateLimiter::take_admissions() {
  // First, so that what is noted from here on wakes again.
  woken_.store(false);
  std::vector<RateAdmission> taken;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [key, admission] : shard.admitted) taken.push_back(admission);
    shard.admitted.clear();
  }
  return taken;
}

void RateLimiter::apply(const RateAdmission& admission) {
  const uint64_t window_us =
      std::clamp<uint32_t>(admission.window_s, 1, kWindowSecondsMax) * kUsPerSecond;
  const uint64_t spent_us = std::min(admission.spent_us, kDebtWindowsMax * window_us);
  Shard& shard = shards_[admission.key % kShards];
  const uint64_t now = monotonic_us();
  const std::lock_guard lock(shard.mutex);
  if (shard.full_at_us.size() >= kKeysMax) evict(shard, now);
  uint64_t& full_at = shard.full_at_us[admission.key];
  const uint64_t most = std::max(full_at, now + kDebtWindowsMax * window_us);
  full_at = std::min(std::max(full_at, now) + spent_us, most);
}

size_t RateLimiter::keys() {
  size_t count = 0;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.full_at_us.size();
  }
  return count;
}

void RateLimiter::evict(Shard& shard, uint64_t now_us) {
  std::erase_if(shard.full_at_us, [now_us](const auto& entry) { return entry.second <= now_us; });
  // Everybody is still counted: forget half rather than grow.
  if (shard.full_at_us.size() < kKeysMax) return;
  size_t n = 0;
  std::erase_if(shard.full_at_us, [&n](const auto&) { return n++ % 2 == 0; });
}

}  // namespace chatpad::edge

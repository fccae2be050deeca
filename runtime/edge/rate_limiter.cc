#include "runtime/edge/rate_limiter.h"

#include <algorithm>
#include <functional>

#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"

namespace chatpad::edge {
namespace {

// The seed keeps a client from choosing names that collide with somebody else's.
uint64_t mix(uint64_t seed, std::string_view text) {
  uint64_t h = seed ^ std::hash<std::string_view>()(text);
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace

RateLimiter::RateLimiter(double scale) : scale_(scale) { random_bytes(&seed_, sizeof seed_); }

int RateLimiter::check(std::string_view rate_class, std::string_view client, uint32_t count,
                       uint32_t window_s) {
  const double scaled = std::max(1.0, count * scale_);
  const auto window_us = static_cast<uint64_t>(window_s) * 1'000'000;
  const auto step_us = std::max<uint64_t>(1, static_cast<uint64_t>(window_us / scaled));
  const uint64_t key = mix(mix(seed_, rate_class), client);
  Shard& shard = shards_[key % kShards];
  const uint64_t now = monotonic_us();

  const std::lock_guard lock(shard.mutex);
  if (shard.full_at_us.size() >= kKeysMax) evict(shard, now);
  uint64_t& full_at = shard.full_at_us[key];
  const uint64_t start = std::max(full_at, now);
  if (start + step_us > now + window_us) {
    return static_cast<int>((start + step_us - now - window_us) / 1'000'000) + 1;
  }
  full_at = start + step_us;
  return 0;
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

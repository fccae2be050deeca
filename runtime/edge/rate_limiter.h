// RateLimiter: how often one client may use one class of endpoints, across all loops.
//
// Generic cell rate algorithm: `count` requests per `window_s`, a full burst allowed, then one
// every window/count. State is one number per (class, client); kKeysMax of them per shard, where
// the ones that have run out go first. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace chatpad::edge {

class RateLimiter {
 public:
  static constexpr size_t kShards = 64;
  static constexpr size_t kKeysMax = 8192;  // per shard

  // `scale` multiplies every limit (CHATPAD_RATE_SCALE).
  explicit RateLimiter(double scale);

  // 0: admitted. Otherwise the whole seconds to wait, at least 1.
  int check(std::string_view rate_class, std::string_view client, uint32_t count,
            uint32_t window_s);

  size_t keys();

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<uint64_t, uint64_t> full_at_us;
  };
  void evict(Shard& shard, uint64_t now_us);

  double scale_;
  uint64_t seed_;
  std::array<Shard, kShards> shards_;
};

}  // namespace chatpad::edge

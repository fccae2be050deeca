// RateLimiter: how often one client may use one class of endpoints, across all loops.
//
// Generic cell rate algorithm: `count` requests per `window_s`, a full burst allowed, then one
// every window/count. A window that slides: unlike a counter that is set back, it never lets two
// bursts through around an edge, and unlike a log of times its state is one number per (class,
// client). kKeysMax of them per shard, where the ones that have run out go first. Thread-safe.
//
// Several programs count together when each is told what the others admitted: share() says whom to
// wake when there is something to tell, take_admissions() gives it, apply() takes that of another
// program. Nothing waits for another program, so a client may get up to one burst from each of them
// within the time that news travel; it is charged for all of it, at most kDebtWindowsMax windows
// (docs/decisions/0010-bus-between-nodes.md). kAdmissionsMax keys of a shard wait to be told;
// what is above it is counted here only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/siphash.h"

namespace chatpad::edge {

// What one program admitted: `spent_us` of the time that `key` has in its window.
struct RateAdmission {
  uint64_t key = 0;
  uint64_t spent_us = 0;
  uint32_t window_s = 0;
};

// What a client is told beside the answer (docs/limits.md).
struct RateVerdict {
  int wait_s = 0;          // 0: admitted; otherwise the whole seconds to wait, at least 1
  uint64_t limit = 0;      // of a window, scaled; 0: nothing was counted
  uint64_t remaining = 0;  // that may come at once
  uint32_t reset_s = 0;    // until all of it may again
  uint32_t window_s = 0;
};

class RateLimiter {
 public:
  static constexpr size_t kShards = 64;
  static constexpr size_t kKeysMax = 8192;        // per shard
  static constexpr size_t kAdmissionsMax = 1024;  // per shard, waiting to be told
  static constexpr uint64_t kDebtWindowsMax = 2;  // of what other programs admitted

  // `scale` multiplies every limit (CHATPAD_RATE_SCALE).
  explicit RateLimiter(double scale);

  RateVerdict admit(std::string_view rate_class, std::string_view client, uint32_t count,
                    uint32_t window_s);
  int check(std::string_view rate_class, std::string_view client, uint32_t count,
            uint32_t window_s) {
    return admit(rate_class, client, count, window_s).wait_s;
  }

  // Before the loops run. `seed` is the same in every program; `wake` is called from any thread,
  // once per take_admissions().
  void share(SipKey seed, std::function<void()> wake);
  // Off: nothing is kept for others. Off at the start.
  enum class Sharing : uint8_t { off, on };
  void set_sharing(Sharing sharing) { sharing_.store(sharing == Sharing::on); }
  std::vector<RateAdmission> take_admissions();
  void apply(const RateAdmission& admission);

  size_t keys();
  uint64_t untold() const { return untold_.load(std::memory_order_relaxed); }

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<uint64_t, uint64_t> full_at_us;
    std::unordered_map<uint64_t, RateAdmission> admitted;
  };
  void evict(Shard& shard, uint64_t now_us);
  // Under the shard's mutex. True: somebody is to be woken.
  bool note(Shard& shard, const RateAdmission& admission);

  double scale_;
  SipKey seed_;
  std::function<void()> wake_;
  std::atomic<bool> sharing_{false};
  std::atomic<bool> woken_{false};
  std::atomic<uint64_t> untold_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace chatpad::edge

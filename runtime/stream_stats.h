// StreamStats: gauges and counters of the two streams out of the write-ahead log, copied at the end
// of each turn of loop 0 so that /metrics may read them from another loop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "realtime/changes/change_feed.h"
#include "realtime/changes/feed.h"
#include "runtime/edge/metrics.h"
#include "runtime/pg/wal_watch.h"

namespace chatpad {

class StreamStats {
 public:
  static constexpr size_t kValues = 15;

  // This object outlives the metrics' use.
  void register_in(edge::Metrics& metrics) const;
  // On loop 0.
  void copy_from(const realtime::Feed& feed, const realtime::ChangeFeed& changes,
                 const pg::WalWatch& wal);

 private:
  std::array<std::atomic<double>, kValues> values_{};
};

}  // namespace chatpad

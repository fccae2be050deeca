#include "runtime/stream_stats.h"

#include "runtime/metric_family.h"

namespace chatpad {
namespace {

// In the order of copy_from().
constexpr std::array<MetricFamily, StreamStats::kValues> kFamilies = {{
    {"chatpad_realtime_feed_events_total", "counter", "Durable events read from the log."},
    {"chatpad_realtime_feed_gaps_total", "counter",
     "Times that durable events may have been missed."},
    {"chatpad_realtime_feed_reconnects_total", "counter",
     "Times that the feed was connected again."},
    {"chatpad_realtime_feed_lag_bytes", "gauge",
     "Log written and not yet read for durable events."},
    {"chatpad_realtime_horizon_lag", "gauge",
     "Transactions begun since the oldest open one, at the newest event."},
    {"chatpad_realtime_changes_live", "gauge", "1 while the stream of row changes is open."},
    {"chatpad_realtime_changes_rows_total", "counter", "Changed rows read for somebody."},
    {"chatpad_realtime_changes_skipped_total", "counter", "Changed rows nobody wanted."},
    {"chatpad_realtime_changes_gaps_total", "counter",
     "Times that row changes may have been missed."},
    {"chatpad_realtime_changes_pauses_total", "counter",
     "Times that reading waited for slow loops."},
    {"chatpad_realtime_changes_lag_bytes", "gauge",
     "Log written and not yet read for row changes."},
    {"chatpad_realtime_changes_waiting_bytes", "gauge", "Row changes in memory."},
    {"chatpad_realtime_wal_kept_bytes", "gauge", "Log that the server keeps because of a stream."},
    {"chatpad_realtime_wal_keep_limit_bytes", "gauge",
     "What the server may keep; 0 when it has no limit."},
    {"chatpad_realtime_wal_alarm", "gauge", "1 from half of the limit on."},
}};

}  // namespace

void StreamStats::register_in(edge::Metrics& metrics) const {
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    metrics.add(kFamilies[i].name, kFamilies[i].help, kFamilies[i].type,
                [this, i] { return values_[i].load(std::memory_order_relaxed); });
  }
}

void StreamStats::copy_from(const realtime::Feed& feed, const realtime::ChangeFeed& changes,
                            const pg::WalWatch& wal) {
  const realtime::FeedStats events = feed.stats();
  const realtime::ChangeFeedStats rows = changes.stats();
  const int64_t limit = wal.reading().limit_bytes;
  const std::array<double, kValues> now = {
      static_cast<double>(events.events),
      static_cast<double>(events.gaps),
      static_cast<double>(events.reconnects),
      static_cast<double>(events.lag_bytes),
      static_cast<double>(feed.horizon_lag()),
      rows.live ? 1.0 : 0.0,
      static_cast<double>(rows.rows),
      static_cast<double>(rows.skipped_rows),
      static_cast<double>(rows.gaps),
      static_cast<double>(rows.pauses),
      static_cast<double>(rows.lag_bytes),
      static_cast<double>(rows.in_flight_bytes),
      static_cast<double>(wal.reading().kept_bytes()),
      limit < 0 ? 0.0 : static_cast<double>(limit),
      wal.alarming() ? 1.0 : 0.0,
  };
  for (size_t i = 0; i < kValues; ++i) values_[i].store(now[i], std::memory_order_relaxed);
}

}  // namespace chatpad

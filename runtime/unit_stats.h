// UnitStats: a unit's gauges and counters, copied at the end of each of its turns so that /metrics
// may read them from another loop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "realtime/hub/stats.h"
#include "runtime/edge/metrics.h"

namespace chatpad {

class Unit;

class UnitStats {
 public:
  static constexpr size_t kValues = 34;

  // On the unit's loop.
  void copy_from(const Unit& unit);
  double value(size_t index) const { return values_[index].load(std::memory_order_relaxed); }
  double caller_flights() const { return caller_flights_.load(std::memory_order_relaxed); }
  double refused(size_t code) const { return refused_[code].load(std::memory_order_relaxed); }
  double closed(size_t why) const { return closed_[why].load(std::memory_order_relaxed); }

 private:
  void copy_reasons(const realtime::HubStats& hub);

  std::array<std::atomic<double>, kValues> values_{};
  std::array<std::atomic<double>, realtime::kCodeCount> refused_{};
  std::array<std::atomic<double>, realtime::kCloseCount> closed_{};
  std::atomic<double> caller_flights_{0};
  uint64_t reasons_copied_ = 0;  // what they sum up to
};

// Registers every value as the sum over the units, which outlive the metrics' use.
void register_unit_metrics(edge::Metrics& metrics, const std::vector<std::unique_ptr<Unit>>& units);

}  // namespace chatpad

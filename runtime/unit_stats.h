// UnitStats: a unit's gauges and counters, copied at the end of each of its turns so that /metrics
// may read them from another loop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/edge/metrics.h"

namespace chatpad {

class Unit;

class UnitStats {
 public:
  static constexpr size_t kValues = 32;

  // On the unit's loop.
  void copy_from(const Unit& unit);
  double value(size_t index) const { return values_[index].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<double>, kValues> values_{};
};

// Registers every value as the sum over the units, which outlive the metrics' use.
void register_unit_metrics(edge::Metrics& metrics, const std::vector<std::unique_ptr<Unit>>& units);

}  // namespace chatpad

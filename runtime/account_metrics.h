// What accounts were refused, as metrics: one per reason.
#pragma once

#include "realtime/hub/account_limits.h"
#include "runtime/edge/metrics.h"

namespace chatpad {

// `accounts` outlives the metrics' use.
void add_account_metrics(edge::Metrics& metrics, const realtime::AccountLimits& accounts);

}  // namespace chatpad

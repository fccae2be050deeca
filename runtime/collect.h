// collect_report: asks every loop how its realtime is and puts the answers together on loop 0. A
// loop that does not answer in time is reported as such, not waited for.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "realtime/changes/report.h"
#include "runtime/unit.h"

namespace chatpad {

// What is the program's and no loop's.
using FillIn = std::function<void(realtime::RealtimeReport&)>;

// On loop 0; `done` is called there, once. The units outlive it.
void collect_report(const std::vector<std::unique_ptr<Unit>>& units, size_t shown, FillIn fill_in,
                    uint64_t answer_ms, std::function<void(realtime::RealtimeReport)> done);

}  // namespace chatpad

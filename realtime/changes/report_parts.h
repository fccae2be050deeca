// What text and JSON of a RealtimeReport share: sums over loops, rates, names. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "realtime/changes/report.h"

namespace chatpad::realtime {

// Of one loop, or of all.
struct Totals {
  size_t sockets = 0, channels = 0, topics = 0, behind = 0;
  uint64_t unsent_bytes = 0;
  uint64_t joins = 0, refused = 0, messages = 0, deliveries = 0, row_changes = 0, dropped = 0;
};
Totals totals_of(const LoopReport& loop);
Totals sum_of(const RealtimeReport& report);

// Per second, between two reports. A loop that was not there before counts from zero.
class Rates {
 public:
  Rates(const RealtimeReport& before, const RealtimeReport& now);
  double per_s(uint64_t before, uint64_t now) const;

 private:
  double seconds_;
};

// What was dropped, refused or closed since the start, by reason; only what is not zero.
using Counts = std::vector<std::pair<std::string, uint64_t>>;
Counts drops_of(const RealtimeReport& report);
Counts refusals_of(const RealtimeReport& report);
Counts closes_of(const RealtimeReport& report);

std::vector<TopicReport> topics_of(const RealtimeReport& report, size_t shown);
std::vector<PersonaReport> personas_of(const RealtimeReport& report, size_t shown);
// Null when the server does not know the slot.
const pg::SlotReading* slot_of(const RealtimeReport& report, const std::string& name);

}  // namespace chatpad::realtime

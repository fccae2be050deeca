// RealtimeReport: the state of a program's realtime at one moment, put together from what each loop
// says of itself, and the same as text for a terminal and as JSON for programs. Pure.
//
// Rates come from two reports. Everything that a tenant named (topics, subjects) is shown without
// control characters, so that nobody writes to an operator's terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/changes/change_feed.h"
#include "realtime/changes/changes.h"
#include "realtime/changes/feed.h"
#include "realtime/hub/inspect.h"
#include "runtime/pg/wal_watch.h"

namespace chatpad::realtime {

constexpr size_t kShownDefault = 10;  // topics and personas
constexpr size_t kShownMax = 100;

struct LoopReport {
  int loop = 0;
  bool answered = false;  // false: it did not say anything in time
  HubReport hub;
  ChangesStats changes;
  std::vector<PersonaReport> personas;
};

struct RealtimeReport {
  uint64_t at_ms = 0;  // monotonic
  int64_t wall_ms = 0;
  int pid = 0;
  std::vector<LoopReport> loops;
  FeedStats feed;
  ChangeFeedStats changes;
  std::string feed_slot, changes_slot;  // empty: none
  uint64_t horizon_lag = 0;
  uint64_t bus_dropped = 0;
  pg::WalReading wal;
  bool wal_alarm = false;
};

// `before` is an earlier report of the same program.
std::string report_text(const RealtimeReport& before, const RealtimeReport& now, size_t shown);
std::string report_json(const RealtimeReport& before, const RealtimeReport& now, size_t shown);

// Control characters become '?'; longer than `chars_max` characters is cut.
std::string printable(std::string_view text, size_t chars_max);

}  // namespace chatpad::realtime

// What one hub has counted since it was made, and how many it holds now. For /metrics and tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "realtime/protocol/codes.h"

namespace chatpad::realtime {

struct HubStats {
  size_t sessions = 0, channels = 0, topics = 0;
  uint64_t joins_ok = 0, joins_refused = 0;
  std::array<uint64_t, kCodeCount> refused_by{};  // joins_refused, by their Code
  uint64_t closes = 0;                            // of sockets, by this side
  std::array<uint64_t, kCloseCount> closed_by{};  // the same, by their Close
  uint64_t messages_in = 0, malformed = 0;
  uint64_t broadcasts = 0;  // published on this loop, from anywhere
  uint64_t deliveries = 0;  // frames put into outboxes by them
  uint64_t writes = 0;      // calls of Transport::send
  uint64_t dropped_rate = 0, dropped_denied = 0, dropped_unencodable = 0;
  uint64_t slow_readers = 0;

  void count_refusal(Code code) {
    ++joins_refused;
    ++refused_by[static_cast<size_t>(code)];
  }
  void count_close(Close why) {
    ++closes;
    ++closed_by[static_cast<size_t>(why)];
  }
  uint64_t recoveries = 0, recovered_events = 0, recovery_gaps = 0;
  size_t recoveries_waiting = 0;
  size_t presences = 0;           // tracked by channels of this hub
  uint64_t presence_refused = 0;  // tracks that a limit or a right refused
  uint64_t changes_out = 0;       // row changes put into outboxes
  uint64_t bytes_out = 0;
};

}  // namespace chatpad::realtime

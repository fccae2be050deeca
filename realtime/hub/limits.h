// The limits of one realtime hub. Frame limits stand in realtime/protocol/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chatpad::realtime {

struct HubLimits {
  size_t outbox_bytes_max = 1024 * 1024;  // unsent bytes of one socket -> close 1013
  size_t outbox_frames_max = 16 * 1024;   // unsent frames of one socket -> close 1013
  size_t channels_max = 100;              // per socket -> ChannelRateLimitReached
  uint32_t messages_per_s = 100;  // per socket, any event; above it: dropped, told once a second
  uint32_t joins_per_s = 30;      // per socket -> ClientJoinRateLimitReached
  uint32_t bytes_per_s = 4 * 1024 * 1024;       // per socket, inbound -> close 1008
  uint32_t dropped_per_s = 500;                 // messages dropped in one second -> close 1008
  size_t broadcast_bytes_max = 256 * 1024;      // inner payload of a client's broadcast
  uint32_t presence_per_s = 500;                // presence messages above messages_per_s: refused
  size_t probes_waiting_max = 512;              // joins of this loop that wait for the database
  uint64_t live_wait_ms = 5000;                 // a join waits this long for the WAL feed
  int recovery_events_max = 10'000;             // of one recovery; more is a gap
  size_t recovery_bytes_max = 4 * 1024 * 1024;  // their payloads; more is a gap
  size_t held_events_max = 10'000;  // live events of a channel behind its history; more is a gap
  size_t held_bytes_max = 4 * 1024 * 1024;  // their frames, and the history's; the same
  size_t recovery_reads_max = 4;            // under way at a time in this loop: half of its pool
  size_t recoveries_max = 16;               // being read or written, of this loop
  size_t recoveries_waiting_max = 4096;     // further ones -> IncreaseConnectionPool
  uint64_t recovery_drain_ms = 20'000;      // a client has this long to take its history
  double rate_scale = 1;                    // multiplies every per-second limit (load tests)
};

constexpr uint32_t kRateBurstSeconds = 2;          // a bucket holds this many seconds' worth
constexpr size_t kWriteBytesMax = 64 * 1024;       // frames gathered into one write
constexpr size_t kFlushBytes = 128 * 1024;         // an outbox above it is written inside the turn
constexpr uint32_t kFlushHoldsMax = 8;             // turns a flush waits for the rest of a burst
constexpr size_t kBusItemsMax = 64 * 1024;         // messages on their way to one other loop
constexpr size_t kBusBytesMax = 64 * 1024 * 1024;  // their bytes

}  // namespace chatpad::realtime

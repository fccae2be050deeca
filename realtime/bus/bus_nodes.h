// BusNodes: the other programs that are heard, and which of their packets are taken.
//
// A packet is taken once: its number is above that of its node's last one, and its time is within
// kPacketAgeMs of this program's clock. A node is forgotten after twice that time of silence, when
// nothing it ever said would be taken again. Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace chatpad::realtime {

enum class PacketVerdict : uint8_t {
  take,
  own,
  repeated,  // said before, or out of order
  untimely,  // too old, or a clock is wrong
  too_many,  // more than kRemoteNodesMax programs
};

class BusNodes {
 public:
  explicit BusNodes(uint64_t own) : own_(own) {}

  PacketVerdict judge(uint64_t node, uint64_t number, int64_t wall_ms, int64_t now_ms);
  // Others heard within the last `ms`.
  size_t heard_within(int64_t ms, int64_t now_ms) const;
  uint64_t own() const { return own_; }

 private:
  struct Heard {
    uint64_t number = 0;
    int64_t at_ms = 0;
  };

  const uint64_t own_;
  std::unordered_map<uint64_t, Heard> nodes_;
};

}  // namespace chatpad::realtime

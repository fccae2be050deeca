#include "realtime/bus/bus_nodes.h"

#include "realtime/bus/limits.h"

namespace chatpad::realtime {

PacketVerdict BusNodes::judge(uint64_t node, uint64_t number, int64_t wall_ms, int64_t now_ms) {
  if (node == own_) return PacketVerdict::own;
  if (wall_ms < now_ms - kPacketAgeMs || wall_ms > now_ms + kPacketAgeMs) {
    return PacketVerdict::untimely;
  }
  auto known = nodes_.find(node);
  if (known == nodes_.end()) {
    std::erase_if(
        nodes_, [now_ms](const auto& one) { return now_ms - one.second.at_ms > 2 * kPacketAgeMs; });
    if (nodes_.size() >= kRemoteNodesMax) return PacketVerdict::too_many;
    known = nodes_.emplace(node, Heard()).first;
  } else if (number <= known->second.number) {
    return PacketVerdict::repeated;
  }
  known->second.number = number;
  known->second.at_ms = now_ms;
  return PacketVerdict::take;
}

size_t BusNodes::heard_within(int64_t ms, int64_t now_ms) const {
  size_t count = 0;
  for (const auto& [node, heard] : nodes_) count += now_ms - heard.at_ms <= ms ? 1 : 0;
  return count;
}

}  // namespace chatpad::realtime

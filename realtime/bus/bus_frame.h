// Packets: what programs on one database tell each other, as bytes. Pure.
//
//   "CPB1"  tag (32)  node (8)  number (8)  wall_ms (8)  items
//   item:   kind (1)  size (4)  content
//
// Numbers are little-endian, texts a size (4) and bytes. The tag is HMAC-SHA-256 over everything
// behind it, with a key that follows from the deployment's secret: who can write into Redis but
// does not know the secret can say nothing. `number` grows within a node's life and wall_ms is its
// clock; BusNodes (bus_nodes.h) refuses what was said before. Items of a kind that is not known are
// skipped, so that programs of neighbouring versions can run together.
//
// open_packet() gives nothing for bytes that were not sealed with this key or do not follow the
// grammar. Limits: kPacketItemBytesMax.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "realtime/hub/message.h"
#include "realtime/hub/presence.h"
#include "runtime/edge/rate_limiter.h"

namespace chatpad::realtime {

using RateNews = std::vector<edge::RateAdmission>;
using PacketItem = std::variant<SharedMessage, SharedNews, RateNews>;

struct Packet {
  uint64_t node = 0;
  uint64_t number = 0;
  int64_t wall_ms = 0;
  std::vector<PacketItem> items;
};

class PacketWriter {
 public:
  PacketWriter();

  // False: the item is larger than kPacketItemBytesMax and was left out.
  bool add(const Message& message);
  bool add(const PresenceNews& news);
  bool add(std::span<const edge::RateAdmission> admissions);
  size_t items() const { return items_; }
  size_t bytes() const { return bytes_.size(); }
  // The sealed packet; the writer is empty again.
  std::string seal(std::string_view key, uint64_t node, uint64_t number, int64_t wall_ms);

 private:
  size_t begin(uint8_t kind);
  bool end(size_t begun);
  void clear();

  std::string bytes_;
  size_t items_ = 0;
};

std::optional<Packet> open_packet(std::string_view key, std::string_view bytes);

}  // namespace chatpad::realtime

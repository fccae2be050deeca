// Packets of the bus: nothing unsigned opens, and what opens writes back as the same bytes.
//
// uses: realtime/bus/bus_frame.cc realtime/hub/presence.cc realtime/hub/presence_nodes.cc
// uses: runtime/wire/crypto.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc
// links: -lcrypto
#include "realtime/bus/bus_frame.h"
#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"

using namespace chatpad;
using namespace chatpad::realtime;

namespace {

const std::string kKey(32, 'k');

void write_back(const Packet& packet, std::string_view bytes) {
  PacketWriter writer;
  for (const PacketItem& item : packet.items) {
    bool fits = false;
    if (const auto* message = std::get_if<SharedMessage>(&item)) {
      fits = writer.add(**message);
    } else if (const auto* news = std::get_if<SharedNews>(&item)) {
      fits = writer.add(**news);
    } else {
      fits = writer.add(std::get<RateNews>(item));
    }
    CHECK(fits, "what came in one item fits into one");
  }
  const std::string again = writer.seal(kKey, packet.node, packet.number, packet.wall_ms);
  CHECK(again.size() <= bytes.size(), "skipped items only are missing");
  if (again.size() == bytes.size()) CHECK(again == bytes, "a packet has one form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::optional<Packet> stranger = open_packet(kKey, body);
  CHECK(!stranger, "nobody finds the key");
  const wire::Digest tag = wire::hmac_sha256(kKey, body);
  const std::string bytes = "CPB1" + std::string(wire::bytes_of(tag)) + std::string(body);
  const std::optional<Packet> packet = open_packet(kKey, bytes);
  if (packet) write_back(*packet, bytes);
  return 0;
}

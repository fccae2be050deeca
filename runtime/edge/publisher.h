// Publisher: how functions reach people who are connected right now, without knowing the hub.
//
// For ephemeral events only (typing, answer.delta, presence): they may be lost and are never
// stored. Durable events are rows that SQL writes in the same transaction as the change (design
// section 7). The hub implements it; tests may record. Implementations deliver to all loops.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::edge {

// What a client says over HTTP, already checked, on its way to everybody in the room.
struct Broadcast {
  enum class Room : uint8_t { open, restricted };  // the public and the private one of a name
  enum class Encoding : uint8_t { json, bytes };
  std::string topic;  // without the "realtime:" prefix
  std::string event;
  std::string payload;
  Room room = Room::open;
  Encoding encoding = Encoding::json;
};

// How far a publisher gets: the loops of this program, those of all programs, or only ours for now.
enum class Reach : uint8_t { one_program, all_programs, cut_off };

class Publisher {
 public:
  virtual ~Publisher() = default;
  virtual Reach reach() const { return Reach::one_program; }
  // False when nobody is joined to this private channel, so that an event need not be written.
  virtual bool may_hear(std::string_view /*topic*/) const { return true; }
  // `topic` without the "realtime:" prefix, private channels only. `payload_json` is a JSON object.
  virtual void publish(std::string_view topic, std::string_view event,
                       std::string_view payload_json) = 0;
  virtual void broadcast(Broadcast message) = 0;
};

// A durable event as the WAL feed saw it; handed to listeners on every loop after it was committed.
struct DurableEvent {
  std::string id;  // uuid of the realtime.messages row
  std::string topic;
  std::vector<std::string> also_topics;
  std::string event;
  std::string payload_json;
  std::string xid;      // of the writing transaction, decimal
  std::string horizon;  // a client that has this event and all before it may come back with this
  int64_t seq = 0;      // conversation seq, 0 when the event has none
  bool is_private = true;
  std::string binary_payload;  // send_binary rows
};
using DurableListener = std::function<void(const DurableEvent&)>;

}  // namespace chatpad::edge

// Bus: carries broadcasts and presences between the hubs of one program, and the Publisher that
// functions use. A RemoteBus takes them to other programs as well.
//
// A message is shared by all loops, not copied. What a hub sends in one turn of its loop leaves at
// the end of the turn, before its own subscribers are written to: another loop that got a burst in
// pieces would write each piece to all of its subscribers. What waits for one other loop is bounded
// by kBusItemsMax and kBusBytesMax; beyond it messages for that loop are dropped and counted: they
// are ephemeral (durable events travel with the feed), and presences notice what they miss.
// Thread-safe once every hub is added, which happens before the loops run; hubs outlive the
// traffic.
#pragma once

#include <atomic>
#include <memory>
#include <variant>
#include <vector>

#include "realtime/hub/audience.h"
#include "realtime/hub/hub.h"
#include "realtime/hub/message.h"
#include "runtime/edge/publisher.h"

namespace chatpad::realtime {

// The way to the hubs of other programs (realtime/bus/redis_bus.h). Called from any loop; what it
// cannot carry it drops and counts.
class RemoteBus {
 public:
  virtual bool is_connected() const = 0;
  virtual void send(SharedMessage message) = 0;
  virtual void send(SharedNews news) = 0;

 protected:
  ~RemoteBus() = default;
};

class Bus {
 public:
  Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // Before the loops run. Attaches the hub to this bus.
  void add(Hub& hub);
  // Before the loops run; null when there are no other programs.
  void attach(RemoteBus* remote) { remote_ = remote; }
  // From the loop of `from`: to every other hub, with the next flush() to those of this program.
  void send(const Hub* from, SharedMessage message);
  void send(const Hub* from, SharedNews news);
  // From the loop of `from`, at the end of its turn.
  void flush(const Hub* from);
  // From another program, thus to every hub here.
  void receive(const SharedMessage& message);
  void receive(const SharedNews& news);
  bool has_peers() const { return peers_.size() > 1 || (remote_ && remote_->is_connected()); }
  // False: nobody anywhere is joined to it.
  bool may_hear(Privacy privacy, std::string_view topic) const;
  edge::Reach reach() const;
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  using Item = std::variant<SharedMessage, SharedNews>;
  using Batch = std::vector<Item>;
  struct Peer {
    Hub* hub = nullptr;
    Batch outgoing;  // of this hub's turn; its own loop's business
    // On their way to it.
    std::atomic<size_t> items{0};
    std::atomic<size_t> bytes{0};
  };
  Batch& outgoing_of(const Hub* hub);
  void post_to_all(const Hub* from, Batch batch);
  void post(Peer& peer, const std::shared_ptr<const Batch>& batch);

  std::shared_ptr<Audience> audience_ = std::make_shared<Audience>();
  std::vector<std::unique_ptr<Peer>> peers_;
  RemoteBus* remote_ = nullptr;
  std::atomic<uint64_t> dropped_{0};
};

// One per loop: functions running on that loop publish through it.
class HubPublisher : public edge::Publisher {
 public:
  HubPublisher(Hub& local, Bus& bus) : local_(local), bus_(bus) {}
  bool may_hear(std::string_view topic) const override;
  void publish(std::string_view topic, std::string_view event,
               std::string_view payload_json) override;
  void broadcast(edge::Broadcast message) override;
  edge::Reach reach() const override { return bus_.reach(); }

 private:
  void send(std::shared_ptr<const Message> message);

  Hub& local_;
  Bus& bus_;
};

}  // namespace chatpad::realtime

// RedisBus: the way between the programs (nodes) of one deployment, over one Redis channel.
//
// It carries what may be lost and must be quick: broadcasts, presences, and what rate limits have
// admitted. Durable events are not among them: every program reads the WAL. What hubs send is
// gathered and leaves as one sealed packet (bus_frame.h) per turn of the loop; everything that
// arrives, is from another program and verifies goes to every hub here.
//
// Without Redis the program goes on alone: what is sent then is dropped, presences of the others
// end after kPresenceNodeMs. Two connections are opened again with growing pauses. They count as
// standing once a packet of our own has come back, and as broken when none does for
// kRedisSilenceMs. Back again, all hubs everywhere are asked for their presences.
//
// Made and used on `loop` (loop 0), but for send(), is_connected() and stats(), which are
// thread-safe. The Bus and the limiter outlive it. Limits: realtime/bus/limits.h; no errors reach a
// client.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "realtime/bus/bus_frame.h"
#include "realtime/bus/bus_nodes.h"
#include "realtime/bus/redis_link.h"
#include "realtime/bus/redis_url.h"
#include "realtime/hub/bus.h"
#include "runtime/edge/rate_limiter.h"
#include "runtime/loop/loop.h"

namespace chatpad::realtime {

struct RedisBusOptions {
  RedisUrl url;
  std::string secret;  // of the deployment; keys are derived from it
};

struct RedisBusStats {
  std::atomic<uint64_t> packets_in{0}, packets_out{0}, bytes_in{0}, bytes_out{0};
  std::atomic<uint64_t> items_in{0}, items_out{0};
  std::atomic<uint64_t> dropped{0};  // items that could not be sent
  std::atomic<uint64_t> refused{0};  // packets that did not verify, were repeated or untimely
  std::atomic<uint64_t> reconnects{0};
  std::atomic<uint64_t> nodes{0};  // others heard of late
};

class RedisBus : public RemoteBus {
 public:
  RedisBus(Loop& loop, Bus& hubs, edge::RateLimiter& limiter, RedisBusOptions options);
  ~RedisBus();
  RedisBus(const RedisBus&) = delete;
  RedisBus& operator=(const RedisBus&) = delete;

  // `deployment` names the database; programs with the same one and the same secret hear each
  // other. Again with the same name: nothing happens.
  void start(std::string_view deployment);
  // Sends what waits and closes; nothing starts it again.
  void stop();

  bool is_connected() const override { return connected_.load(std::memory_order_relaxed); }
  void send(SharedMessage message) override { push(std::move(message)); }
  void send(SharedNews news) override { push(std::move(news)); }
  const RedisBusStats& stats() const { return stats_; }

 private:
  using Waiting = std::variant<SharedMessage, SharedNews>;

  template <class Shared>
  void push(Shared what);
  void connect();
  void on_link_ready();
  void on_lost(std::string_view why);
  void disconnect();
  void on_stands();
  void on_packet(std::string_view bytes);
  void hand_over(PacketItem& item);
  void owe_states();
  void wake_for_rates();
  void tell_rates();
  void flush();
  void publish();
  void arm_beat();
  uint64_t pause_ms();

  Loop& loop_;
  Bus& hubs_;
  edge::RateLimiter& limiter_;
  const RedisBusOptions options_;
  const std::string key_;
  std::string deployment_;
  std::string channel_;
  RedisLink speaker_;
  RedisLink listener_;
  BusNodes nodes_;
  PacketWriter writer_;
  uint64_t number_ = 0;
  size_t unanswered_bytes_ = 0;
  uint64_t heard_ms_ = 0;  // an own packet
  uint64_t said_ms_ = 0;
  uint32_t failures_ = 0;
  bool subscribed_ = false;
  bool warned_ = false;
  bool stopped_ = false;
  Timer pause_timer_;
  Timer patience_timer_;  // until the connections stand
  Timer beat_timer_;
  Timer rates_timer_;
  Timer states_timer_;
  std::atomic<bool> connected_{false};
  std::mutex mutex_;  // of the next three
  std::deque<Waiting> waiting_;
  size_t waiting_bytes_ = 0;
  bool posted_ = false;
  RedisBusStats stats_;
};

}  // namespace chatpad::realtime

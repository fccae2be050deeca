// PoolImpl: what stands behind Pool (pool.h). Connections report to it; it queues flights, opens
// connections with back-off, and resumes coroutines, always last, from settle().
//
// Reference-counted without atomics (one loop): the Pool, every callback in progress and every
// deferred settle hold it.
#pragma once

#include <memory>
#include <vector>

#include "runtime/loop/loop.h"
#include "runtime/pg/connection.h"
#include "runtime/pg/fair_queue.h"
#include "runtime/pg/flight.h"
#include "runtime/pg/pool.h"

namespace chatpad::pg {

class PoolImpl {
 public:
  static constexpr uint64_t kReconnectMinMs = 20;
  static constexpr uint64_t kReconnectMaxMs = 2000;
  // How often waiting and overdue flights are looked at while there are any.
  static constexpr uint64_t kTickMs = 50;
  // One place in so many is kept for other lanes.
  static constexpr size_t kKeptShare = 4;

  PoolImpl(Loop& loop, PoolOptions options);
  ~PoolImpl();

  // A stack frame of ours: keeps the pool alive and resumes whoever landed meanwhile at its end.
  class Turn {
   public:
    explicit Turn(PoolImpl& pool) : pool_(pool) {
      pool_.ref();
      ++pool_.turns_;
    }
    Turn(const Turn&) = delete;
    ~Turn() {
      if (pool_.turns_ == 1) pool_.settle();
      --pool_.turns_;
      pool_.unref();
    }

   private:
    PoolImpl& pool_;
  };

  void ref() { ++refs_; }
  void unref() {
    if (--refs_ == 0) delete this;
  }

  // Flights. submit() is false when the flight has landed already.
  bool submit(Flight& flight);
  void leave(Flight& flight);

  // Connections.
  void connected(Connection& connection);
  void free(Connection& connection);
  void landed(Flight& flight);
  // Its connection ended before the flight was looked at: it goes to the head of the queue.
  void wait_again(Flight& flight);
  void lost(Connection& connection, const Error& error, Connection::State was);

  bool healthy() const { return healthy_; }
  PoolStats stats() const;
  bool closed() const { return closed_; }
  void close();
  // Opens a connection when somebody needs one and the back-off allows.
  void open_more();

 private:
  void settle();
  void tick();
  void need_tick();
  bool is_lane_full(uint64_t lane) const;

  Loop& loop_;
  PoolOptions options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;  // last in, first out: the warmest is used first
  FairQueue waiting_;
  FlightList landed_;
  Timer tick_;
  Timer reconnect_;
  uint64_t connect_not_before_ms_ = 0;
  int failures_in_a_row_ = 0;
  int connecting_ = 0;
  int open_ = 0;
  int refs_ = 0;
  int turns_ = 0;
  bool settle_deferred_ = false;
  bool healthy_ = false;
  bool closed_ = false;
  PoolStats stats_;
};

}  // namespace chatpad::pg

// FairQueue: the flights that wait for a connection, by lane (Claims::lane). Within a lane first
// in, first out; between lanes one each in turn. So one account that asks for much waits for
// itself, and somebody who asks for little waits for at most one flight of each other lane.
//
// Costs nothing while nobody waits. Intrusive in the flights; owns none of them. Used by PoolImpl.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

#include "runtime/pg/flight.h"

namespace chatpad::pg {

class FairQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t size_of(uint64_t lane) const;

  void push(Flight& flight);
  // Next of all.
  void push_front(Flight& flight);
  // Null when nobody waits.
  Flight* pop();
  void remove(Flight& flight);
  // One whose time to wait is over, or null.
  Flight* pop_expired(uint64_t now_ms);

 private:
  struct Lane {
    uint64_t id;
    FlightList flights;
  };
  using Lanes = std::list<Lane>;
  Lanes::iterator lane_of(const Flight& flight, Lanes::iterator where);
  void erase_if_empty(Lanes::iterator lane);

  Lanes turns_;  // none is empty; the first is next
  std::unordered_map<uint64_t, Lanes::iterator> by_id_;
  size_t size_ = 0;
};

}  // namespace chatpad::pg

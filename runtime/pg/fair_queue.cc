#include "runtime/pg/fair_queue.h"

namespace chatpad::pg {

size_t FairQueue::size_of(uint64_t lane) const {
  const auto known = by_id_.find(lane);
  return known == by_id_.end() ? 0 : known->second->flights.size();
}

FairQueue::Lanes::iterator FairQueue::lane_of(const Flight& flight, Lanes::iterator where) {
  const auto known = by_id_.find(flight.lane());
  if (known != by_id_.end()) return known->second;
  const auto lane = turns_.insert(where, Lane{flight.lane(), FlightList()});
  by_id_.emplace(flight.lane(), lane);
  return lane;
}

void FairQueue::erase_if_empty(Lanes::iterator lane) {
  if (!lane->flights.empty()) return;
  by_id_.erase(lane->id);
  turns_.erase(lane);
}

void FairQueue::push(Flight& flight) {
  lane_of(flight, turns_.end())->flights.push(flight);
  ++size_;
}

void FairQueue::push_front(Flight& flight) {
  const auto lane = lane_of(flight, turns_.begin());
  lane->flights.push_front(flight);
  turns_.splice(turns_.begin(), turns_, lane);
  ++size_;
}

Flight* FairQueue::pop() {
  if (turns_.empty()) return nullptr;
  const auto lane = turns_.begin();
  Flight* flight = lane->flights.pop();
  --size_;
  turns_.splice(turns_.end(), turns_, lane);
  erase_if_empty(lane);
  return flight;
}

void FairQueue::remove(Flight& flight) {
  const auto lane = by_id_.at(flight.lane());
  lane->flights.remove(flight);
  --size_;
  erase_if_empty(lane);
}

Flight* FairQueue::pop_expired(uint64_t now_ms) {
  for (Lane& lane : turns_) {
    Flight* flight = lane.flights.front();
    if (flight->acquire_until_ms() > now_ms) continue;
    remove(*flight);
    return flight;
  }
  return nullptr;
}

}  // namespace chatpad::pg

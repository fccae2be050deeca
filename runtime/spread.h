// Spread: hands what the feed of durable events gives to every loop, in the order in which it came.
// A loop whose mailbox is full has lost something: it is told of a gap as soon as it can be told
// anything, and of nothing else before, because events are cursors. Owned by Program; on loop 0
// only, which is the feed's own.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "realtime/changes/feed.h"
#include "runtime/unit.h"

namespace chatpad {

class Spread {
 public:
  explicit Spread(const std::vector<std::unique_ptr<Unit>>& units) : units_(units) {}

  // Runs `what` on the unit's loop: on loop 0 at once, in one order with the events. False when its
  // mailbox is full.
  bool tell(Unit& unit, std::function<void()> what);
  void events(realtime::EventBatch batch);
  void state(realtime::FeedState state, const std::string& cluster);
  void gap();
  // Those who lost something and could not be told. Also to be called when nothing comes.
  void announce_owed_gaps();
  bool is_live() const { return state_ == realtime::FeedState::live; }

 private:
  const std::vector<std::unique_ptr<Unit>>& units_;
  std::set<Unit*> with_gap_;
  realtime::FeedState state_ = realtime::FeedState::away;
  std::string cluster_;
};

}  // namespace chatpad

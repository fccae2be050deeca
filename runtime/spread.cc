#include "runtime/spread.h"

#include "runtime/base/log.h"

namespace chatpad {

bool Spread::tell(Unit& unit, std::function<void()> what) {
  if (&unit != units_.front().get()) return unit.loop.post(std::move(what));
  what();
  return true;
}

void Spread::announce_owed_gaps() {
  std::erase_if(with_gap_, [this](Unit* unit) {
    return tell(*unit, [unit, state = state_, cluster = cluster_] {
      unit->hub.announce_gap();
      unit->hub.set_feed(state, cluster);
    });
  });
}

void Spread::events(realtime::EventBatch batch) {
  if (!with_gap_.empty()) announce_owed_gaps();
  for (const auto& owned : units_) {
    Unit* unit = owned.get();
    if (with_gap_.contains(unit)) continue;
    const bool told = tell(*unit, [unit, batch] {
      for (const edge::DurableEvent& event : *batch) {
        unit->hub.deliver(event);
        unit->context.notify(event);
      }
    });
    if (told) continue;
    // The loop is hopelessly behind: its clients must learn that something is missing.
    log::Line(LogLevel::error, "durable_events_dropped").field("loop", unit->loop.index());
    with_gap_.insert(unit);
  }
}

void Spread::state(realtime::FeedState state, const std::string& cluster) {
  state_ = state;
  cluster_ = cluster;
  for (const auto& owned : units_) {
    Unit* unit = owned.get();
    const bool told = tell(*unit, [unit, state, cluster] { unit->hub.set_feed(state, cluster); });
    if (!told) with_gap_.insert(unit);
  }
}

void Spread::gap() {
  for (const auto& owned : units_) {
    Unit* unit = owned.get();
    if (!tell(*unit, [unit] { unit->hub.announce_gap(); })) with_gap_.insert(unit);
  }
}

}  // namespace chatpad

#include "runtime/collect.h"

#include <unistd.h>

#include "runtime/base/clock.h"

namespace chatpad {
namespace {

// Lives until the last loop has answered or the time is over.
struct Collection {
  realtime::RealtimeReport report;
  FillIn fill_in;
  std::function<void(realtime::RealtimeReport)> done;
  size_t missing = 0;
  std::unique_ptr<Timer> due = std::make_unique<Timer>();

  // The caller holds the collection; the timer, which does as well, ends here.
  void finish() {
    if (!done) return;
    const std::unique_ptr<Timer> ended = std::move(due);
    fill_in(report);
    std::exchange(done, nullptr)(std::move(report));
  }
};

realtime::LoopReport look_at(Unit& unit, size_t shown) {
  realtime::LoopReport report;
  report.loop = unit.loop.index();
  report.answered = true;
  report.hub = realtime::Inspector::look_at(unit.hub, shown);
  report.changes = unit.changes.stats();
  report.personas = unit.changes.personas(shown);
  return report;
}

}  // namespace

void collect_report(const std::vector<std::unique_ptr<Unit>>& units, size_t shown, FillIn fill_in,
                    uint64_t answer_ms, std::function<void(realtime::RealtimeReport)> done) {
  Loop& first = units.front()->loop;
  auto collection = std::make_shared<Collection>();
  collection->report.at_ms = monotonic_ms();
  collection->report.wall_ms = wall_ms();
  collection->report.pid = ::getpid();
  collection->report.loops.resize(units.size());
  collection->fill_in = std::move(fill_in);
  collection->done = std::move(done);
  collection->missing = units.size();
  collection->due->start(first, answer_ms, [collection] { collection->finish(); });
  for (size_t i = 0; i < units.size(); ++i) {
    Unit* const unit = units[i].get();
    collection->report.loops[i].loop = unit->loop.index();
    unit->loop.post([unit, i, shown, collection, &first] {
      auto said = std::make_shared<realtime::LoopReport>(look_at(*unit, shown));
      first.post([i, said, collection] {
        if (!collection->done) return;
        collection->report.loops[i] = std::move(*said);
        if (--collection->missing == 0) collection->finish();
      });
    });
  }
}

}  // namespace chatpad

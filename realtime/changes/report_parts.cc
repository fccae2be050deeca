#include "realtime/changes/report_parts.h"

#include <algorithm>

namespace chatpad::realtime {
namespace {

constexpr double kSecondsMin = 0.001;

void add(Counts& counts, std::string name, uint64_t count) {
  if (count > 0) counts.emplace_back(std::move(name), count);
}

template <class Of>
uint64_t over_loops(const RealtimeReport& report, Of of) {
  uint64_t sum = 0;
  for (const LoopReport& loop : report.loops) sum += of(loop.hub.stats);
  return sum;
}

}  // namespace

Totals totals_of(const LoopReport& loop) {
  const HubStats& hub = loop.hub.stats;
  Totals totals;
  totals.sockets = hub.sessions;
  totals.channels = hub.channels;
  totals.topics = hub.topics;
  totals.behind = loop.hub.behind;
  totals.unsent_bytes = loop.hub.unsent_bytes;
  totals.joins = hub.joins_ok;
  totals.refused = hub.joins_refused;
  totals.messages = hub.messages_in;
  totals.deliveries = hub.deliveries;
  totals.row_changes = hub.changes_out;
  totals.dropped = hub.dropped_rate + hub.dropped_denied + hub.dropped_unencodable + hub.malformed;
  return totals;
}

Totals sum_of(const RealtimeReport& report) {
  Totals sum;
  for (const LoopReport& loop : report.loops) {
    const Totals one = totals_of(loop);
    sum.sockets += one.sockets;
    sum.channels += one.channels;
    sum.topics += one.topics;
    sum.behind += one.behind;
    sum.unsent_bytes += one.unsent_bytes;
    sum.joins += one.joins;
    sum.refused += one.refused;
    sum.messages += one.messages;
    sum.deliveries += one.deliveries;
    sum.row_changes += one.row_changes;
    sum.dropped += one.dropped;
  }
  return sum;
}

Rates::Rates(const RealtimeReport& before, const RealtimeReport& now)
    : seconds_(std::max(kSecondsMin, static_cast<double>(now.at_ms - before.at_ms) / 1000)) {}

double Rates::per_s(uint64_t before, uint64_t now) const {
  return now > before ? static_cast<double>(now - before) / seconds_ : 0;
}

Counts drops_of(const RealtimeReport& report) {
  Counts counts;
  add(counts, "rate", over_loops(report, [](const HubStats& hub) { return hub.dropped_rate; }));
  add(counts, "denied", over_loops(report, [](const HubStats& hub) { return hub.dropped_denied; }));
  add(counts, "unencodable",
      over_loops(report, [](const HubStats& hub) { return hub.dropped_unencodable; }));
  add(counts, "malformed", over_loops(report, [](const HubStats& hub) { return hub.malformed; }));
  add(counts, "presence",
      over_loops(report, [](const HubStats& hub) { return hub.presence_refused; }));
  add(counts, "between_loops", report.bus_dropped);
  return counts;
}

Counts refusals_of(const RealtimeReport& report) {
  Counts counts;
  for (size_t i = 0; i < kCodeCount; ++i) {
    add(counts, std::string(code_label(static_cast<Code>(i))),
        over_loops(report, [i](const HubStats& hub) { return hub.refused_by[i]; }));
  }
  return counts;
}

Counts closes_of(const RealtimeReport& report) {
  Counts counts;
  for (size_t i = 0; i < kCloseCount; ++i) {
    add(counts, std::string(close_info(static_cast<Close>(i)).reason),
        over_loops(report, [i](const HubStats& hub) { return hub.closed_by[i]; }));
  }
  return counts;
}

std::vector<TopicReport> topics_of(const RealtimeReport& report, size_t shown) {
  std::vector<TopicReport> topics;
  for (const LoopReport& loop : report.loops) merge_topics(topics, loop.hub.topics, kShownMax);
  topics.resize(std::min(shown, topics.size()));
  return topics;
}

// The same persona of several loops is one.
std::vector<PersonaReport> personas_of(const RealtimeReport& report, size_t shown) {
  std::vector<PersonaReport> personas;
  for (const LoopReport& loop : report.loops) {
    for (const PersonaReport& persona : loop.personas) {
      const auto same =
          std::find_if(personas.begin(), personas.end(), [&persona](const PersonaReport& one) {
            return one.role == persona.role && one.subject == persona.subject;
          });
      if (same == personas.end()) {
        personas.push_back(persona);
        continue;
      }
      same->subscribers += persona.subscribers;
      same->waiting += persona.waiting;
      same->checks += persona.checks;
      same->check_us += persona.check_us;
    }
  }
  std::sort(personas.begin(), personas.end(),
            [](const auto& one, const auto& other) { return one.check_us > other.check_us; });
  personas.resize(std::min(shown, personas.size()));
  return personas;
}

const pg::SlotReading* slot_of(const RealtimeReport& report, const std::string& name) {
  for (const pg::SlotReading& slot : report.wal.slots) {
    if (!name.empty() && slot.name == name) return &slot;
  }
  return nullptr;
}

}  // namespace chatpad::realtime

#include "realtime/changes/report_parts.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

using wire::JsonWriter;

void write_counts(JsonWriter& out, std::string_view name, const Counts& counts) {
  out.object(name);
  for (const auto& [reason, count] : counts) out.field(reason, count);
  out.end();
}

void write_totals(JsonWriter& out, const Totals& totals) {
  out.field("sockets", totals.sockets)
      .field("channels", totals.channels)
      .field("topics", totals.topics)
      .field("sockets_behind", totals.behind)
      .field("unsent_bytes", totals.unsent_bytes)
      .field("joins", totals.joins)
      .field("joins_refused", totals.refused)
      .field("messages", totals.messages)
      .field("deliveries", totals.deliveries)
      .field("row_changes", totals.row_changes)
      .field("dropped", totals.dropped);
}

void write_rates(JsonWriter& out, const Rates& rates, const Totals& before, const Totals& now) {
  out.object("per_s")
      .field("joins", rates.per_s(before.joins, now.joins))
      .field("joins_refused", rates.per_s(before.refused, now.refused))
      .field("messages", rates.per_s(before.messages, now.messages))
      .field("deliveries", rates.per_s(before.deliveries, now.deliveries))
      .field("row_changes", rates.per_s(before.row_changes, now.row_changes))
      .field("dropped", rates.per_s(before.dropped, now.dropped))
      .end();
}

void write_slot(JsonWriter& out, const RealtimeReport& report, const std::string& name) {
  const pg::SlotReading* slot = slot_of(report, name);
  out.field("slot", name)
      .field("wal_status", slot ? slot->wal_status : std::string())
      .field("kept_bytes", slot ? slot->kept_bytes : int64_t{0})
      .field("behind_bytes", slot ? slot->behind_bytes : int64_t{0});
}

void write_streams(JsonWriter& out, const RealtimeReport& now) {
  out.object("feed")
      .field("live", now.feed.live)
      .field("lag_bytes", now.feed.lag_bytes)
      .field("events", now.feed.events)
      .field("gaps", now.feed.gaps)
      .field("reconnects", now.feed.reconnects)
      .field("horizon_lag", now.horizon_lag);
  write_slot(out, now, now.feed_slot);
  out.end();
  out.object("changes")
      .field("live", now.changes.live)
      .field("lag_bytes", now.changes.lag_bytes)
      .field("rows", now.changes.rows)
      .field("skipped_rows", now.changes.skipped_rows)
      .field("gaps", now.changes.gaps)
      .field("pauses", now.changes.pauses)
      .field("waiting_bytes", now.changes.in_flight_bytes);
  write_slot(out, now, now.changes_slot);
  out.end();
  out.object("wal")
      .field("kept_bytes", now.wal.kept_bytes())
      .field("limit_bytes", now.wal.limit_bytes)
      .field("alarm", now.wal_alarm)
      .end();
}

}  // namespace

std::string report_json(const RealtimeReport& before, const RealtimeReport& now, size_t shown) {
  const Rates rates(before, now);
  JsonWriter out;
  out.object().field("version", CHATPAD_VERSION).field("pid", now.pid).field("at_ms", now.wall_ms);
  const Totals all = sum_of(now);
  write_totals(out, all);
  write_rates(out, rates, sum_of(before), all);
  out.array("loops");
  for (size_t i = 0; i < now.loops.size(); ++i) {
    const LoopReport& loop = now.loops[i];
    out.object().field("loop", loop.loop).field("answered", loop.answered);
    write_totals(out, totals_of(loop));
    write_rates(out, rates, i < before.loops.size() ? totals_of(before.loops[i]) : Totals(),
                totals_of(loop));
    out.end();
  }
  out.end();
  write_streams(out, now);
  write_counts(out, "drops", drops_of(now));
  write_counts(out, "refusals", refusals_of(now));
  write_counts(out, "closes", closes_of(now));
  out.array("personas");
  for (const PersonaReport& persona : personas_of(now, shown)) {
    out.object()
        .field("role", persona.role)
        .field("subject", persona.subject)
        .field("channels", persona.subscribers)
        .field("batches_waiting", persona.waiting)
        .field("checks", persona.checks)
        .field("check_us", persona.check_us)
        .end();
  }
  out.end().array("topics");
  for (const TopicReport& topic : topics_of(now, shown)) {
    out.object()
        .field("topic", topic.name)
        .field("private", topic.privacy == Privacy::restricted)
        .field("members", topic.members)
        .field("messages_per_s", topic.messages_per_s)
        .end();
  }
  out.end().end();
  return std::move(out).str() + "\n";
}

}  // namespace chatpad::realtime

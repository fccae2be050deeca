#include "runtime/pg/wal_watch.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace chatpad::pg {
namespace {

constexpr Statement kSlots = {"wal_watch_slots", R"(
select s.slot_name, s.wal_status,
  coalesce(pg_wal_lsn_diff(w.at, s.restart_lsn), 0)::bigint,
  coalesce(pg_wal_lsn_diff(w.at, s.confirmed_flush_lsn), 0)::bigint,
  pg_wal_lsn_diff(w.at, '0/0')::bigint,
  pg_size_bytes(current_setting('max_slot_wal_keep_size'))
from pg_catalog.pg_replication_slots s
cross join pg_catalog.pg_current_wal_lsn() w(at)
where s.slot_name = any ($1::text[]))"};

}  // namespace

WalAlarm::Change WalAlarm::note(int64_t kept_bytes, int64_t limit_bytes) {
  const int64_t limit = limit_bytes < 0 ? kWalKeepAdvisedBytes : limit_bytes;
  if (!raised_ && kept_bytes > 0 && kept_bytes >= limit / 2) {
    raised_ = true;
    return Change::raised;
  }
  if (raised_ && (kept_bytes == 0 || kept_bytes < limit / 3)) {
    raised_ = false;
    return Change::ended;
  }
  return Change::none;
}

int64_t WalReading::kept_bytes() const {
  int64_t most = 0;
  for (const SlotReading& slot : slots) most = std::max(most, slot.kept_bytes);
  return most;
}

bool WalWatch::is_worth_asking(const std::vector<Replication*>& streams) {
  std::string now;
  bool waits = false;
  for (const Replication* stream : streams) {
    now += stream->slot() + " " + std::to_string(stream->handed_over()) + " " +
           std::to_string(stream->wal_end()) + ",";
    waits = waits || stream->paused() || !stream->streaming();
  }
  const bool moved = now != seen_;
  seen_ = std::move(now);
  return moved || waits || alarm_.raised();
}

Task<void> WalWatch::look() {
  const std::vector<Replication*> streams = streams_();
  if (!is_worth_asking(streams)) co_return;
  std::string names = "{";
  for (const Replication* stream : streams) {
    if (stream->slot().empty()) continue;
    if (names.size() > 1) names += ',';
    names += stream->slot();
  }
  names += '}';
  Claims nobody;
  nobody.role = Role::none;
  Params params(names);
  try {
    const Rows rows = co_await pool_.once(nobody, kSlots, params);
    take(rows);
  } catch (const Raised& raised) {
    log::Line(LogLevel::debug, "wal_watch_failed").field("cause", raised.error().cause.value);
  }
}

void WalWatch::take(const Rows& rows) {
  WalReading now;
  now.limit_bytes = reading_.limit_bytes;
  for (int i = 0; i < rows.size(); ++i) {
    SlotReading slot;
    slot.name = rows.str(i, 0);
    slot.wal_status = rows.str(i, 1);
    slot.kept_bytes = rows.integer(i, 2);
    slot.behind_bytes = rows.integer(i, 3);
    now.slots.push_back(std::move(slot));
    now.limit_bytes = rows.integer(i, 5);
  }
  reading_ = std::move(now);
  if (!rows.empty()) {
    // Streams may have ended meanwhile.
    for (Replication* stream : streams_()) {
      stream->heard_of(static_cast<pgoutput::Lsn>(rows.integer(0, 4)));
    }
  }
  const int64_t kept = reading_.kept_bytes();
  const WalAlarm::Change change = alarm_.note(kept, reading_.limit_bytes);
  if (change == WalAlarm::Change::none) return;
  const bool raised = change == WalAlarm::Change::raised;
  log::Line(raised ? LogLevel::warn : LogLevel::info, raised ? "wal_kept_high" : "wal_kept_normal")
      .field("kept_bytes", kept)
      .field("limit_bytes", reading_.limit_bytes);
}

}  // namespace chatpad::pg

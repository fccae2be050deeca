// The reading half of recovery: statements, snapshots, cursors.
#include "realtime/hub/recovery.h"

#include <charconv>

#include "runtime/wire/crypto.h"

namespace chatpad::realtime {
namespace {

constexpr pg::Statement kMissed = {
    "realtime_missed",
    "select outcome, id, event, payload, binary_payload, seq, horizon "
    "from realtime.missed($1, $2::xid8, $3::bigint, $4::int, $5::bigint)"};
constexpr pg::Statement kReplayed = {
    "realtime_replayed",
    "select outcome, id, event, payload, binary_payload, seq, horizon "
    "from realtime.replayed($1, $2::bigint, $3::int)"};
constexpr int64_t kFarFuture = 32'503'680'000'000;  // the year 3000: only the snapshot

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Missed missed_of(const pg::Rows& rows) {
  Missed missed;
  if (rows.empty()) raise(Errc::internal, PublicText(), LogText("recovery without a head"));
  missed.outcome = rows.str(0, 0);
  missed.snapshot = rows.str(0, 3);
  missed.seq = rows.integer(0, 5);
  missed.horizon = rows.str(0, 6);
  missed.events.reserve(static_cast<size_t>(rows.size() - 1));
  for (int row = 1; row < rows.size(); ++row) {
    MissedEvent event;
    event.id = rows.str(row, 1);
    event.event = rows.str(row, 2);
    event.payload_json = rows.str(row, 3);
    event.binary_payload = wire::hex_decode(rows.text(row, 4)).value_or(std::string());
    event.seq = rows.integer(row, 5);
    event.horizon = rows.str(row, 6);
    missed.events.push_back(std::move(event));
  }
  return missed;
}

}  // namespace

Task<Missed> PgRecovery::read(pg::Claims claims, std::string topic, RecoveryQuery query) {
  pg::Pool& pool = claims.role == pg::Role::service_role ? service_ : pool_;
  const bool newest = query.replay || (!query.xid && !query.seq);
  const ReplayRequest replay = query.replay.value_or(ReplayRequest(kFarFuture, 1));
  std::optional<std::string> xid;
  if (query.xid) xid = std::to_string(*query.xid);
  pg::Params params(topic);
  if (newest) {
    params.add(replay.since_ms);
    params.add(replay.limit);
  } else {
    params.add(xid);
    params.add(query.seq);
    params.add(query.events_max);
    params.add(query.bytes_max);
  }
  const pg::Statement statement = newest ? kReplayed : kMissed;
  const pg::Rows rows = co_await pool.once(claims, statement, params, kReadTimeoutMs);
  co_return missed_of(rows);
}

bool snapshot_shows(std::string_view snapshot, uint64_t xid) {
  const size_t first = snapshot.find(':');
  if (first == std::string_view::npos) return false;
  const size_t second = snapshot.find(':', first + 1);
  if (second == std::string_view::npos) return false;
  const auto oldest_open = parse_number(snapshot.substr(0, first));
  const auto next = parse_number(snapshot.substr(first + 1, second - first - 1));
  if (!oldest_open || !next) return false;
  if (xid < *oldest_open) return true;
  if (xid >= *next) return false;
  std::string_view open = snapshot.substr(second + 1);
  while (!open.empty()) {
    const size_t comma = std::min(open.find(','), open.size());
    if (parse_number(open.substr(0, comma)) == xid) return false;
    open.remove_prefix(std::min(comma + 1, open.size()));
  }
  return true;
}

std::optional<uint64_t> xid_of_cursor(std::string_view cursor, std::string_view cluster) {
  if (cluster.empty() || cursor.size() < cluster.size() + 2) return std::nullopt;
  if (!cursor.starts_with(cluster) || cursor[cluster.size()] != '.') return std::nullopt;
  return parse_number(cursor.substr(cluster.size() + 1));
}

}  // namespace chatpad::realtime

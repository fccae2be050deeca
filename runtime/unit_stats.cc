#include "runtime/unit_stats.h"

#include "runtime/metric_family.h"
#include "runtime/unit.h"

namespace chatpad {
namespace {

// In the order of copy_from().
constexpr std::array<MetricFamily, UnitStats::kValues> kFamilies = {{
    {"chatpad_http_connections", "gauge", "Open HTTP connections."},
    {"chatpad_http_accepted_total", "counter", "HTTP connections accepted."},
    {"chatpad_http_refused_total", "counter", "Requests refused before they reached an endpoint."},
    {"chatpad_http_timeouts_total", "counter", "Requests too slow to arrive or replies not read."},
    {"chatpad_db_connections", "gauge", "Open database connections."},
    {"chatpad_db_connections_busy", "gauge", "Database connections with a statement under way."},
    {"chatpad_db_waiting", "gauge", "Requests waiting for a database connection."},
    {"chatpad_db_flights_total", "counter", "Database round trips."},
    {"chatpad_db_failures_total", "counter", "Database round trips that failed."},
    {"chatpad_db_reconnects_total", "counter", "Database connections opened again."},
    {"chatpad_realtime_sockets", "gauge", "Open websockets."},
    {"chatpad_realtime_channels", "gauge", "Joined channels."},
    {"chatpad_realtime_joins_total", "counter", "Joins answered with ok."},
    {"chatpad_realtime_messages_total", "counter", "Messages received from websockets."},
    {"chatpad_realtime_deliveries_total", "counter", "Frames handed to subscribers."},
    {"chatpad_realtime_dropped_rate_total", "counter", "Messages dropped by a rate limit."},
    {"chatpad_realtime_dropped_denied_total", "counter",
     "Broadcasts their sender had no right to."},
    {"chatpad_realtime_dropped_unencodable_total", "counter",
     "Frames that a subscriber's version of the protocol cannot carry."},
    {"chatpad_realtime_malformed_total", "counter", "Messages that are no Phoenix frame."},
    {"chatpad_realtime_slow_readers_total", "counter", "Websockets closed for reading too slowly."},
    {"chatpad_realtime_presences", "gauge", "Presences tracked by channels of this program."},
    {"chatpad_realtime_presence_refused_total", "counter",
     "Presence messages refused by a right or a limit."},
    {"chatpad_realtime_changes_channels", "gauge", "Channels with row changes."},
    {"chatpad_realtime_changes_personas", "gauge", "Roles with claims that have row changes."},
    {"chatpad_realtime_changes_out_total", "counter", "Row changes handed to channels."},
    {"chatpad_realtime_changes_hidden_total", "counter",
     "Row changes that matched a subscription and that its persona may not see."},
    {"chatpad_realtime_changes_checks_total", "counter", "Visibility checks of row changes."},
    {"chatpad_realtime_changes_check_failures_total", "counter", "Visibility checks that failed."},
    {"chatpad_realtime_changes_check_us_total", "counter",
     "Microseconds that rounds of row changes waited for PostgreSQL."},
    {"chatpad_realtime_recoveries_total", "counter", "Histories read for joins."},
    {"chatpad_realtime_recovered_events_total", "counter", "Events in them."},
    {"chatpad_realtime_recovery_gaps_total", "counter", "Cursors answered with a gap."},
    {"chatpad_realtime_recoveries_waiting", "gauge", "Joins waiting to read their history."},
    {"chatpad_realtime_bytes_out_total", "counter", "Bytes written to websockets."},
}};

}  // namespace

void UnitStats::copy_from(const Unit& unit) {
  const http::ServerStats http = unit.server ? unit.server->stats() : http::ServerStats();
  const pg::PoolStats caller = unit.pool.stats();
  const pg::PoolStats service = unit.service_pool.stats();
  const realtime::HubStats hub = unit.hub.stats();
  const realtime::ChangesStats changes = unit.changes.stats();
  const std::array<double, kValues> now = {
      static_cast<double>(http.connections),
      static_cast<double>(http.accepted),
      static_cast<double>(http.refused),
      static_cast<double>(http.timeouts),
      static_cast<double>(caller.open + service.open),
      static_cast<double>(caller.busy + service.busy),
      static_cast<double>(caller.waiting + service.waiting),
      static_cast<double>(caller.flights + service.flights),
      static_cast<double>(caller.failures + service.failures),
      static_cast<double>(caller.reconnects + service.reconnects),
      static_cast<double>(hub.sessions),
      static_cast<double>(hub.channels),
      static_cast<double>(hub.joins_ok),
      static_cast<double>(hub.messages_in),
      static_cast<double>(hub.deliveries),
      static_cast<double>(hub.dropped_rate),
      static_cast<double>(hub.dropped_denied),
      static_cast<double>(hub.dropped_unencodable),
      static_cast<double>(hub.malformed),
      static_cast<double>(hub.slow_readers),
      static_cast<double>(hub.presences),
      static_cast<double>(hub.presence_refused),
      static_cast<double>(changes.subscribers),
      static_cast<double>(changes.personas),
      static_cast<double>(hub.changes_out),
      static_cast<double>(changes.rows_hidden),
      static_cast<double>(changes.checks),
      static_cast<double>(changes.check_failures),
      static_cast<double>(changes.check_us),
      static_cast<double>(hub.recoveries),
      static_cast<double>(hub.recovered_events),
      static_cast<double>(hub.recovery_gaps),
      static_cast<double>(hub.recoveries_waiting),
      static_cast<double>(hub.bytes_out),
  };
  for (size_t i = 0; i < kValues; ++i) values_[i].store(now[i], std::memory_order_relaxed);
  caller_flights_.store(static_cast<double>(caller.flights), std::memory_order_relaxed);
  if (hub.joins_refused + hub.closes != reasons_copied_) copy_reasons(hub);
}

void UnitStats::copy_reasons(const realtime::HubStats& hub) {
  reasons_copied_ = hub.joins_refused + hub.closes;
  for (size_t i = 0; i < refused_.size(); ++i) {
    refused_[i].store(static_cast<double>(hub.refused_by[i]), std::memory_order_relaxed);
  }
  for (size_t i = 0; i < closed_.size(); ++i) {
    closed_[i].store(static_cast<double>(hub.closed_by[i]), std::memory_order_relaxed);
  }
}

void register_unit_metrics(edge::Metrics& metrics,
                           const std::vector<std::unique_ptr<Unit>>& units) {
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    metrics.add(kFamilies[i].name, kFamilies[i].help, kFamilies[i].type, [i, &units] {
      double sum = 0;
      for (const auto& unit : units) sum += unit->stats.value(i);
      return sum;
    });
  }
  std::vector<std::string> codes;
  for (size_t i = 0; i < realtime::kCodeCount; ++i) {
    codes.emplace_back(realtime::code_label(static_cast<realtime::Code>(i)));
  }
  metrics.add("chatpad_realtime_joins_refused_total", "Joins refused, by the error's code.",
              "counter", "code", std::move(codes), [&units](size_t i) {
                double sum = 0;
                for (const auto& unit : units) sum += unit->stats.refused(i);
                return sum;
              });
  std::vector<std::string> reasons;
  for (const realtime::CloseInfo& info : realtime::close_table()) reasons.emplace_back(info.reason);
  metrics.add("chatpad_realtime_closed_total", "Websockets closed by this side, by the reason.",
              "counter", "reason", std::move(reasons), [&units](size_t i) {
                double sum = 0;
                for (const auto& unit : units) sum += unit->stats.closed(i);
                return sum;
              });
}

}  // namespace chatpad

#include "runtime/housekeeping.h"

#include <utility>

#include "runtime/base/log.h"

namespace chatpad {
namespace {

constexpr uint64_t kHourlyMs = 3'600'000;
// Without a request for this long, and as rarely then, tables are looked at.
constexpr uint64_t kQuietMs = 60'000;
constexpr int kAuditRoundsMax = 200;   // of one look, each as many rows as the functions take
constexpr int kForgetRoundsMax = 200;  // of one hour, each as many rows as the function takes
constexpr int kFoldRoundsMax = 50;     // of one look, likewise

constexpr pg::Statement kCloseStale{"close_stale_answers", "select api.close_stale_answers()"};
constexpr pg::Statement kPartitions{"ensure_partitions", "select realtime.ensure_partitions()"};
constexpr pg::Statement kFold{"fold_usage", "select api.fold_usage() = 20000"};
constexpr pg::Statement kForgetAuth{"forget_auth_leftovers",
                                    "select api.forget_auth_leftovers() > 0"};
constexpr pg::Statement kForget{"forget_client_message_ids",
                                "select api.forget_client_message_ids() > 0"};
constexpr pg::Statement kSeal{"seal_audit_logs", "select api.seal_audit_logs()"};
constexpr pg::Statement kExport{"build_audit_export", "select api.build_audit_export()"};
constexpr pg::Statement kForgetExports{"forget_audit_exports",
                                       "select api.forget_audit_exports() is null"};

}  // namespace

// What the statement says, as a yes or no; no when it failed.
Task<bool> Housekeeping::ask(pg::Statement statement) {
  try {
    pg::Rows rows = co_await pool_.once(pg::service_claims(), statement, pg::Params());
    co_return rows.size() == 1 && rows.text(0, 0) == "t";
  } catch (const Raised& raised) {
    log::Line(LogLevel::warn, "housekeeping_failed")
        .field("statement", statement.name)
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
  }
  co_return false;
}

// In rounds, so that no transaction is long; as long as there is more.
Task<void> Housekeeping::repeat(pg::Statement statement, int rounds_max) {
  for (int round = 0; round < rounds_max; ++round) {
    const bool more = co_await ask(statement);
    if (!more) break;
  }
}

// An idle program leaves the tables alone.
bool Housekeeping::is_time_for_tables(uint64_t now_ms) {
  const double asked = asked_();
  if (asked != std::exchange(asked_before_, asked)) awake_ms_ = now_ms;
  if (now_ms - awake_ms_ > kQuietMs && now_ms - tables_ms_ < kQuietMs) return false;
  tables_ms_ = now_ms;
  return true;
}

Task<void> Housekeeping::look() {
  const uint64_t now = loop_.now_ms();
  if (is_time_for_tables(now)) {
    co_await ask(kCloseStale);
    co_await repeat(kFold, kFoldRoundsMax);
    co_await repeat(kSeal, kAuditRoundsMax);
    co_await repeat(kExport, kAuditRoundsMax);
    co_await jobs_.look();
  }
  if (now - hourly_ms_ < kHourlyMs && hourly_ms_ != 0) co_return;
  hourly_ms_ = now;
  co_await ask(kPartitions);
  co_await repeat(kForget, kForgetRoundsMax);
  co_await ask(kForgetAuth);
  co_await ask(kForgetExports);
  co_await jobs_.forget();
}

}  // namespace chatpad

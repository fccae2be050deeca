#include "runtime/account_metrics.h"

namespace chatpad {
namespace {

struct Family {
  const char* name;
  const char* help;
  std::atomic<uint64_t> realtime::AccountStats::*count;
};

using Stats = realtime::AccountStats;
constexpr Family kFamilies[] = {
    {"chatpad_realtime_account_disabled_total", "Joins refused: the account has no realtime.",
     &Stats::disabled},
    {"chatpad_realtime_account_clients_refused_total",
     "Joins refused: the account has too many sockets.", &Stats::clients},
    {"chatpad_realtime_account_channels_refused_total",
     "Joins refused: the account has too many channels.", &Stats::channels},
    {"chatpad_realtime_account_joins_refused_total", "Joins refused: the account joins too fast.",
     &Stats::joins},
    {"chatpad_realtime_account_events_dropped_total",
     "Broadcasts dropped: the account sends too many.", &Stats::events},
    {"chatpad_realtime_account_bytes_dropped_total",
     "Broadcasts dropped: the account's are too many bytes.", &Stats::bytes},
    {"chatpad_realtime_account_payload_refused_total",
     "Broadcasts dropped: larger than the account's may be.", &Stats::payload},
    {"chatpad_realtime_account_presence_refused_total",
     "Presence messages refused: the account sends too many.", &Stats::presence},
};

}  // namespace

void add_account_metrics(edge::Metrics& metrics, const realtime::AccountLimits& accounts) {
  for (const Family& family : kFamilies) {
    metrics.add(family.name, family.help, "counter", [&accounts, count = family.count] {
      return static_cast<double>((accounts.stats().*count).load(std::memory_order_relaxed));
    });
  }
  metrics.add("chatpad_realtime_accounts", "Accounts whose use of realtime is counted.", "gauge",
              [&accounts] { return static_cast<double>(accounts.size()); });
}

}  // namespace chatpad

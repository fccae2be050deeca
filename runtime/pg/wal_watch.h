// WalWatch: how much of the write-ahead log the server keeps because of our streams, and an alarm
// before it gives one of them up (max_slot_wal_keep_size).
//
// look() asks the server once, and only when a stream has moved or is paused since the last time:
// while nothing is written nothing is asked. What it hears of the end of the log goes to the
// streams, whose own knowledge stands still while they do not read. One line is logged when half of
// what the server may keep is reached, and one when it is below a third again.
//
// One per program, on the loop of its streams. Errors of look(): none; a failure is logged.
// Source: PostgreSQL 15 manual, 54.19 (pg_replication_slots).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/coro/task.h"
#include "runtime/pg/pool.h"
#include "runtime/pg/replication.h"

namespace chatpad::pg {

// Where there is no limit of the server's, alarm as if this were it.
constexpr int64_t kWalKeepAdvisedBytes = 1024 * 1024 * 1024;

// Whether what is kept is alarming. Pure.
class WalAlarm {
 public:
  enum class Change : uint8_t { none, raised, ended };
  // `limit_bytes`: below zero when the server has none.
  Change note(int64_t kept_bytes, int64_t limit_bytes);
  bool raised() const { return raised_; }

 private:
  bool raised_ = false;
};

struct SlotReading {
  std::string name;
  std::string wal_status;    // reserved, extended, unreserved, lost
  int64_t kept_bytes = 0;    // of the log, from where the slot would have to start again
  int64_t behind_bytes = 0;  // of the log, that the stream has not confirmed
};

struct WalReading {
  int64_t limit_bytes = -1;  // max_slot_wal_keep_size; below zero: none
  std::vector<SlotReading> slots;

  int64_t kept_bytes() const;  // the most of any slot
};

class WalWatch {
 public:
  using Streams = std::function<std::vector<Replication*>()>;

  // `pool` outlives this. `streams` says which are open at the moment, without nulls.
  WalWatch(Pool& pool, Streams streams) : pool_(pool), streams_(std::move(streams)) {}
  Task<void> look();
  const WalReading& reading() const { return reading_; }
  bool alarming() const { return alarm_.raised(); }

 private:
  bool is_worth_asking(const std::vector<Replication*>& streams);
  void take(const Rows& rows);

  Pool& pool_;
  Streams streams_;
  WalReading reading_;
  WalAlarm alarm_;
  std::string seen_;  // slots and positions, when last asked
};

}  // namespace chatpad::pg

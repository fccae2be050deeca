// Recovery: what a channel that comes back has missed, and who reads it from realtime.messages
// under the role and claims of the caller. What the hub does with it is in recoveries.h.
//
// Cursors are `<system identifier>.<timeline>.<xid8>`; see sql/migrations/0009_recovery.sql for
// what makes them safe. Errors (raised by a reader): whatever the pool raises.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/hub/frame_buffer.h"
#include "realtime/protocol/join.h"
#include "runtime/base/error.h"
#include "runtime/base/uuid.h"
#include "runtime/coro/task.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/pool.h"

namespace chatpad::realtime {

// What to read: `replay`, else from `xid`, else from `seq`, else nothing but a first cursor.
struct RecoveryQuery {
  std::optional<ReplayRequest> replay;
  std::optional<uint64_t> xid;
  std::optional<int64_t> seq;
  int events_max = 0;
  size_t bytes_max = 0;
};

struct MissedEvent {
  std::string id, event, payload_json, binary_payload;
  int64_t seq = 0;
  std::string horizon;  // the number alone; may be empty
};

struct Missed {
  std::string outcome;   // ok, purged, too_long, ahead
  std::string snapshot;  // xmin:xmax:xid,xid
  std::string horizon;   // the number alone
  int64_t seq = 0;       // of the conversation's newest message event
  std::vector<MissedEvent> events;
};

class RecoveryReader {
 public:
  virtual ~RecoveryReader() = default;
  // `topic` without the "realtime:" prefix.
  virtual Task<Missed> read(pg::Claims claims, std::string topic, RecoveryQuery query) = 0;
};

class PgRecovery : public RecoveryReader {
 public:
  static constexpr uint32_t kReadTimeoutMs = 5000;
  // `pool` logs in as authenticator, `service` as service_authenticator.
  PgRecovery(pg::Pool& pool, pg::Pool& service) : pool_(pool), service_(service) {}
  Task<Missed> read(pg::Claims claims, std::string topic, RecoveryQuery query) override;

 private:
  pg::Pool& pool_;
  pg::Pool& service_;
};

// Does a snapshot, in PostgreSQL's text form, show what the transaction wrote? False when
// malformed.
bool snapshot_shows(std::string_view snapshot, uint64_t xid);

// The transaction of a cursor; nullopt when it is of another cluster or timeline, or no cursor.
std::optional<uint64_t> xid_of_cursor(std::string_view cursor, std::string_view cluster);

// The half of a channel's life that recovery adds. Owned by the channel.
struct Recovery {
  enum class Phase : uint8_t {
    wanted,    // rights and feed first
    waiting,   // for one of recoveries_max places
    reading,   // the channel is a member; what arrives is held back
    read,      // answered, the join's ok not sent yet
    draining,  // the backlog leaves as the client reads
    settling,  // over, but the feed may still bring what was replayed
  };
  struct Held {
    std::string id;  // empty for ephemeral events
    FrameRef frame;
    uint64_t xid = 0;  // of the transaction; 0 for ephemeral events
  };

  Phase phase = Phase::wanted;
  RecoveryQuery query;
  RecoverRequest asked;
  bool wants_cursor = false;  // recover, not replay
  uint64_t ticket = 0;        // the newest reading
  uint64_t fed_before = 0;    // the hub had been handed so many transactions
  bool overflowed = false;
  std::deque<Held> backlog;
  size_t backlog_bytes = 0;
  size_t backlog_live = 0;     // events in it that came live
  std::vector<Uuid> replayed;  // ids that were sent and may come live; sorted
  std::string history;         // of a replay: the snapshot that it shows
  std::string answer;          // members of the reply, each with a comma before it
  std::string system;          // payload of the system event behind the history
  Timer due;
};

}  // namespace chatpad::realtime

// Replication: the write-ahead log as a stream of row changes, on a loop.
//
// It connects as a role with REPLICATION, makes a temporary slot with pgoutput, and calls its
// handler for every transaction of the named publications, in commit order, from the moment
// on_ready() names. When the connection breaks, the slot is gone with it: it reconnects with
// back-off, makes a new slot and says on_gap(): what was committed between the two positions was
// not seen and has to be read from the tables. A feed that cannot be decoded is treated as a broken
// connection.
//
// Handler calls come from the loop, outside any coroutine, and must not block or destroy the
// Replication. Views in them are valid during the call. What a call returned from counts as handed
// over: only then is its position confirmed to the server.
//
// A transaction is in the log a moment before other sessions see it, so one that committed just
// before the slot's first position may be visible only after it. on_ready() comes when those that
// were open at that time are over, or have been open for kSettleMsMax: whoever reads the tables
// then and gets what comes misses nothing.
//
// It never blocks and arms its socket once. Limits: kFramesPerTurnMax frames per turn of the loop,
// kRelationsMax tables, kSilentMsMax without a word from the server, which is asked for one every
// idle_status_ms while it has nothing to say. Values come in ISO forms, UTC.
//
// Errors: never raised; last_error() has the newest, e.g. that wal_level is not logical.
//
// Source: PostgreSQL 15 manual, 55.4. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/pgoutput.h"
#include "runtime/pg/socket_watch.h"

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

namespace chatpad::pg {

class ReplicationHandler {
 public:
  virtual ~ReplicationHandler() = default;
  // Streaming begins: every transaction that commits after `lsn` will come.
  virtual void on_ready(pgoutput::Lsn lsn) = 0;
  // Before on_ready() of a second and later connection. `from`: the last position handed over.
  virtual void on_gap(pgoutput::Lsn from, pgoutput::Lsn to) = 0;
  // The stream broke; at once, long before on_gap() and on_ready() of the next one.
  virtual void on_lost() {}
  virtual void on_begin(const pgoutput::Begin& begin) = 0;
  // False: rows of this table are skipped without being decoded.
  virtual bool wants(uint32_t) { return true; }
  // The table is announced, or anew because its columns changed; before its first row.
  virtual void on_relation(const pgoutput::Relation&) {}
  virtual void on_insert(const pgoutput::Relation&, const pgoutput::Insert&) {}
  virtual void on_update(const pgoutput::Relation&, const pgoutput::Update&) {}
  virtual void on_delete(const pgoutput::Relation&, const pgoutput::Delete&) {}
  virtual void on_truncate(const pgoutput::Relation&) {}
  virtual void on_commit(const pgoutput::Commit& commit) = 0;
  // Everything of the publications up to here has been handed over. Outside transactions only.
  virtual void on_progress(pgoutput::Lsn lsn) = 0;
};

struct ReplicationOptions {
  std::string conninfo;  // names the database
  std::vector<std::string> publications;
  uint64_t connect_ms = 5000;
  uint64_t idle_status_ms = 10'000;  // without news
};

class Replication {
 public:
  static constexpr size_t kFramesPerTurnMax = 1024;
  static constexpr size_t kRelationsMax = 65536;
  static constexpr uint64_t kStatusMs = 1000;
  // The server speaks by itself only to whom it has not heard for half of wal_sender_timeout.
  static constexpr uint64_t kSilentMsMax = 45'000;
  // Making a slot waits for the write transactions that are open.
  static constexpr uint64_t kSlotMsMax = 60'000;
  // A commit on disk becomes visible in milliseconds; what stays open longer had not committed.
  static constexpr uint64_t kSettleMsMax = 2000;
  static constexpr uint64_t kSettlePauseMs = 5;
  static constexpr uint64_t kReconnectMinMs = 20;
  static constexpr uint64_t kReconnectMaxMs = 2000;

  // Starts at once. The handler outlives this object.
  Replication(Loop& loop, ReplicationOptions options, ReplicationHandler& handler);
  ~Replication();
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;

  bool streaming() const { return state_ == State::streaming; }
  // Names the history that transaction numbers belong to: "<system identifier>.<timeline>".
  const std::string& cluster() const { return cluster_; }
  // The name of the database on it; empty until the first connection.
  const std::string& database() const { return database_; }
  pgoutput::Lsn handed_over() const { return handed_over_; }
  uint64_t reconnects() const { return reconnects_; }
  const std::optional<Error>& last_error() const { return last_error_; }
  // The server process of the stream; 0 when not connected.
  int backend_pid() const;
  // How much of the log the server had written and we have not handed over, when it last spoke.
  uint64_t lag_bytes() const { return wal_end_ > handed_over_ ? wal_end_ - handed_over_ : 0; }
  // The end of the server's log as far as it is known here. Others may have heard of a later one.
  pgoutput::Lsn wal_end() const { return wal_end_; }
  void heard_of(pgoutput::Lsn wal_end) { wal_end_ = std::max(wal_end_, wal_end); }
  // The slot on the server; empty before the first one.
  const std::string& slot() const { return slot_; }
  bool paused() const { return paused_; }
  // Reads nothing more, but what it is handing over at the moment, until resume(): the log waits at
  // the server, which is kept from giving up on us. Callable from the handler. A new connection
  // starts unpaused.
  void pause();
  void resume();
  void close();

 private:
  enum class State : uint8_t {
    waiting,
    connecting,
    identifying,
    making_slot,
    settling,
    starting,
    streaming,
    closed
  };

  void connect();
  void on_socket(int status, int events);
  void advance_connect();
  void receive_results();
  void take_result(PGresult* result);
  void take_snapshot(std::string_view snapshot);
  void settle();
  void send(const std::string& command, State next);
  void receive_stream();
  bool take_frame(std::string_view bytes);
  bool is_unwanted(std::string_view bytes);
  bool take_event(std::string_view bytes);
  const pgoutput::Relation* relation(uint32_t id);
  bool keep(pgoutput::Relation relation);
  void progress(pgoutput::Lsn lsn);
  void status_due();
  void send_status(pgoutput::Reply reply);
  void status_in(uint64_t delay_ms);
  void flush();
  void broken(Error error);
  void drop();

  Loop& loop_;
  ReplicationOptions options_;
  ReplicationHandler& handler_;
  SocketWatch watch_;
  PGconn* pg_ = nullptr;
  State state_ = State::waiting;
  Timer timer_;  // connecting: deadline; streaming: status; waiting: back-off
  Timer more_;   // frames left in libpq's buffer
  std::string slot_;
  std::string cluster_;
  std::string database_;
  std::unordered_map<uint32_t, pgoutput::Relation> relations_;
  std::vector<std::string> unsettled_;  // transactions that were open when the slot was made
  uint64_t settled_by_ms_ = 0;          // 0: they are not known yet
  pgoutput::Lsn slot_lsn_ = 0;
  pgoutput::Lsn handed_over_ = 0;
  pgoutput::Lsn confirmed_ = 0;
  uint64_t heard_at_ms_ = 0;
  uint64_t confirmed_at_ms_ = 0;
  bool resting_ = false;  // the next status is an idle one
  uint64_t reconnects_ = 0;
  int failures_in_a_row_ = 0;
  pgoutput::Lsn wal_end_ = 0;
  bool paused_ = false;
  bool in_transaction_ = false;
  bool streamed_before_ = false;
  std::optional<Error> last_error_;
};

}  // namespace chatpad::pg

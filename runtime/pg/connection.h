// Connection: one libpq connection in pipeline mode on one loop, carrying one flight at a time.
//
// A flight is: [deallocate all] [Parse set_config] set_config(role, claims, statement_timeout)
// [Parse statement] statement Sync; one of several asks has such a pair for each, in a dry run
// between begin and rollback. Parse travels after set_config, because the login role alone may not
// even see the schema. It succeeded when PIPELINE_SYNC is reached and no result was an error: a
// deferred constraint reports between the statement's own result and the Sync.
//
// Prepared statements are named by role and statement name. What this connection believes to exist
// on the server is kept per connection; when the server disagrees (42P05, 26000, changed result
// type) the flight is flown once more after `deallocate all`: its transaction was rolled back
// whole, so nothing has happened yet. A Statement without a name is parsed every time and never
// kept.
//
// The uv_poll handle is armed READABLE once after connecting. WRITABLE is added only while libpq
// holds bytes the socket did not take, because every uv_poll_start costs two epoll_ctl calls.
//
// A connection that was told to end while idle (57P01 before any result) sends its flight back to
// the queue, once: nothing of it was executed. Any other loss fails the flight, whose outcome is
// unknown.
//
// Cancellation: abandon() lets the flight go. When the answer has not come after kCancelGraceMs, a
// cancel request is sent by PQcancel on a thread of libuv's pool (it blocks for a connect). The
// connection is ready again only when the Sync was reached, the cancel has been delivered (so that
// it cannot hit the next flight) and no transaction is open; otherwise it rolls back first.
//
// Opening is asynchronous but for the name look-up of a TCP host (libpq resolves synchronously):
// use an address or hostaddr there. Not thread-safe. Owned by PoolImpl, which outlives it by
// reference counting. Errors go to the flight as Error; the owner hears connected/landed/ready/lost
// and must not resume coroutines in those calls.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/flight.h"
#include "runtime/pg/pool.h"
#include "runtime/pg/socket_watch.h"

typedef struct pg_conn PGconn;

namespace chatpad::pg {

class Connection {
 public:
  friend class Lease;
  // Prepared statements kept per connection; further ones are parsed every time.
  static constexpr size_t kPreparedMax = 512;
  // The server cuts longer names silently (NAMEDATALEN), which would make two names one.
  static constexpr size_t kNameBytesMax = 60;
  static constexpr size_t kParamsMax = 64;
  static constexpr uint64_t kCancelGraceMs = 20;
  // How much longer than statement_timeout an answer may take before the connection is dropped.
  static constexpr uint64_t kAnswerGraceMs = 3000;
  // libpq reports the end of each statement with a null result; more in a row means confusion.
  static constexpr int kNullResultsMax = 16;

  enum class State : uint8_t { closed, connecting, ready, flying };

  Connection(PoolImpl& pool, Loop& loop);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // From closed. The answer is PoolImpl::connected() or lost(), later.
  void open(const std::string& conninfo, uint64_t until_ms);
  // From ready. Never fails at once: a broken connection is reported through lost() by the caller's
  // next turn() of the pool.
  void start(Flight& flight);
  // The flight's owner is gone.
  void abandon(Flight& flight);
  // Drops the connection; a travelling flight gets `error`, or the one it has already.
  void fail(Error error);

  State state() const { return state_; }
  bool is_open() const { return state_ == State::ready || state_ == State::flying; }
  uint64_t overdue_at_ms() const { return overdue_at_ms_; }
  bool has_flight() const { return flight_ != nullptr; }

  // While leased, a landed connection is not handed to others.
  bool leased() const { return lease_ != nullptr; }
  void lease_to(Lease& lease);

 private:
  struct Prepared {
    std::string sql;
    bool exists = false;
  };
  enum class Step : uint8_t {
    verb,
    parse_config,
    config,
    parse_statement,
    parse_unnamed,
    statement
  };
  static constexpr size_t kStepsMax = 258;

  // Sending.
  bool send(Flight& flight);
  bool send_config(const Claims& claims, uint32_t timeout_ms, size_t form);
  bool send_statement(Role role, const Statement& statement, const Params& params);
  bool send_several(const Flight& flight);
  bool send_verb(const char* sql);
  bool sync();
  bool sent(int ok, Step step);
  void flush_or_arm();

  // Receiving.
  static void on_poll(void* self, int status, int events);
  void on_ready(int status, int events);
  void advance_connect();
  void watch(int events);
  void receive();
  bool take(PGresult* result);
  void take_error(const PGresult* result);
  void land();
  void settle_transaction();

  // Cancelling.
  struct CancelJob;
  void start_cancel();
  void cancelled();

  PoolImpl& pool_;
  Loop& loop_;
  PGconn* pg_ = nullptr;
  SocketWatch watch_;
  State state_ = State::closed;
  Flight* flight_ = nullptr;
  uint64_t overdue_at_ms_ = 0;

  std::vector<Step> steps_;
  size_t step_ = 0;  // the one whose results are arriving
  int nulls_ = 0;
  bool stale_prepared_ = false;  // this flight failed because of it
  bool deallocate_first_ = false;
  bool failed_ = false;  // this flight had an error
  // Which form of set_config this flight uses, and whether it prepares it.
  size_t config_index_ = 0;
  bool config_parsing_ = false;
  std::array<bool, 3> config_exists_{};
  std::unordered_map<std::string, Prepared> prepared_;
  // What this flight prepares, in order, and how many of these the server has.
  std::vector<std::pair<const std::string, Prepared>*> parsing_;
  size_t parsed_ = 0;
  std::string name_;

  CancelJob* cancel_ = nullptr;  // owned by libuv's pool until it is done
  Timer cancel_grace_;
  Lease* lease_ = nullptr;
};

}  // namespace chatpad::pg

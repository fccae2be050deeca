// Pool: the connections of one loop to PostgreSQL, and the ways to use one.
//
//   once()   one flight: set_config(role, claims, statement_timeout); statement; Sync. The implicit
//            transaction of the pipeline commits at the Sync. One round trip; the form nearly all
//            endpoints use.
//   several() the same with several pairs of set_config and statement before the one Sync.
//   dry_run() the same between begin and rollback: nothing of it stays.
//   begin()  a transaction over several flights. Destroying it without commit() rolls back.
//
// Waiting for a free connection is bounded in number (waiters_max, one lane 3/4 of it ->
// Errc::overloaded) and in time (acquire_ms -> Errc::database_unavailable); lanes take turns.
// After timeout_ms: Errc::deadline_exceeded. A caller that is destroyed under way: the query is
// cancelled, after the grace of Connection::kCancelGraceMs, and the connection is drained before it
// is used again. A lost connection fails its flight with database_unavailable (its outcome is
// unknown) and is reopened with back-off and jitter (PoolImpl::kReconnectMinMs..kReconnectMaxMs).
// SQLSTATE -> Errc: sqlstate.h.
//
// Not thread-safe; one Pool per loop and login role.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/coro/task.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/flight.h"
#include "runtime/pg/types.h"

namespace chatpad::pg {

struct PoolOptions {
  std::string conninfo;  // libpq connection string (without password in logs)
  int connections_max = 8;
  size_t waiters_max = 1024;
  uint64_t acquire_ms = 2000;
  uint64_t connect_ms = 5000;
};

struct PoolStats {
  int open = 0;
  int busy = 0;
  size_t waiting = 0;
  uint64_t flights = 0;
  uint64_t failures = 0;
  uint64_t reconnects = 0;
};

constexpr uint32_t kStatementTimeoutMs = 5000;
constexpr size_t kAsksMax = 64;  // in one flight

class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Task<Rows> query(Statement statement, Params params);
  Task<void> commit();
  Task<void> rollback();

 private:
  friend class Pool;
  struct Impl;
  explicit Transaction(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Pool {
 public:
  Pool(Loop& loop, PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Awaited at once: Rows rows = co_await pool.once(...). See flight.h.
  Flight once(Claims claims, Statement statement, Params params,
              uint32_t timeout_ms = kStatementTimeoutMs);
  // Up to kAsksMax questions in one flight and one transaction, each under its own claims and with
  // a timeout of its own; their rows in the same order. The error of one is the error of all.
  Task<std::vector<Rows>> several(std::vector<Ask> asks, uint32_t timeout_ms = kStatementTimeoutMs);
  // The same, and rolled back.
  Task<std::vector<Rows>> dry_run(std::vector<Ask> asks, uint32_t timeout_ms = kStatementTimeoutMs);
  Task<Transaction> begin(Claims claims, uint32_t timeout_ms = kStatementTimeoutMs);

  // True when the last attempt to reach the database succeeded.
  bool healthy() const;
  PoolStats stats() const;
  // Closes every connection; outstanding flights fail with Errc::draining. Needed before
  // Loop::stop().
  void close();

 private:
  PoolImpl* impl_;  // shared with the flights under way, see pool_impl.h
};

}  // namespace chatpad::pg

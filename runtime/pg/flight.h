// Flight: one trip to the database and back, as an awaiter. Pool::once() returns one:
//
//   pg::Rows rows = co_await pool.once(claims, kStatement, params);
//
// It waits in the pool's queue, travels on one connection, and hands over its rows or raises. The
// awaiting coroutine is resumed after the connection and the pool are in order again, as the last
// act of the callback. Destroying a waiting flight takes it out of the queue; destroying a
// travelling one leaves the connection to drain alone (connection.h).
//
// Owned by the coroutine that awaits it. Not movable: the pool links to it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/pg/types.h"

namespace chatpad::pg {

class PoolImpl;
class Connection;

// What a flight carries between the first byte and Sync.
enum class Cargo : uint8_t {
  once,     // set_config, statement: the implicit transaction of the pipeline
  several,  // set_config, statement, set_config, statement, ...: the same
  dry_run,  // begin, as several, rollback
  begin,    // begin, set_config
  query,    // statement, inside the transaction
  commit,
  rollback,
};

// The right to use one connection over several flights. Destroying it gives the connection back:
// at once when no transaction is open, after a rollback otherwise.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept { take(other); }
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~Lease() { reset(); }
  // Null once the transaction has ended or the connection was lost.
  Connection* connection() const { return connection_; }
  void reset();

 private:
  friend class Connection;
  void take(Lease& other);
  Connection* connection_ = nullptr;
};

class Flight {
 public:
  // From the pool's queue: once and begin.
  Flight(PoolImpl& pool, Cargo cargo, Claims claims, Statement statement, Params params,
         uint32_t timeout_ms);
  // The same, of several asks: several and dry_run. Their rows are had by take_answers() after the
  // wait.
  Flight(PoolImpl& pool, Cargo cargo, std::vector<Ask> asks, uint32_t timeout_ms);
  // On the connection a transaction holds: query, commit, rollback.
  Flight(PoolImpl& pool, Connection& connection, Cargo cargo, Role role, Statement statement,
         Params params);
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight();

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> awaiting);
  Rows await_resume();
  Lease take_lease() { return std::move(lease_); }
  std::vector<Rows> take_answers() { return std::move(answers_); }
  uint64_t lane() const { return claims_.lane; }
  uint64_t acquire_until_ms() const { return acquire_until_ms_; }

 private:
  friend class PoolImpl;
  friend class Connection;
  friend class FlightList;

  enum class State : uint8_t { fresh, waiting, travelling, landed, over };

  PoolImpl* pool_;
  Connection* connection_ = nullptr;  // while travelling
  Lease lease_;                       // of a landed begin
  Flight* next_ = nullptr;
  Flight* prev_ = nullptr;
  std::coroutine_handle<> waiter_;
  Claims claims_;
  Statement statement_;
  Params params_;
  std::vector<Ask> asks_;  // instead of the three above
  std::vector<Rows> answers_;
  uint64_t acquire_until_ms_ = 0;
  uint32_t timeout_ms_;
  Cargo cargo_;
  State state_ = State::fresh;
  bool retried_ = false;
  bool unexecuted_ = false;  // the server says so: it ended before looking at this flight
  Rows rows_;
  std::optional<Error> error_;
};

// An intrusive FIFO; a flight is in at most one.
class FlightList {
 public:
  bool empty() const { return head_ == nullptr; }
  size_t size() const { return size_; }
  Flight* front() const { return head_; }
  void push(Flight& flight);
  void push_front(Flight& flight);
  Flight* pop();
  void remove(Flight& flight);

 private:
  Flight* head_ = nullptr;
  Flight* tail_ = nullptr;
  size_t size_ = 0;
};

}  // namespace chatpad::pg

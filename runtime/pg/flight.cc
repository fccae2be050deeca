#include "runtime/pg/flight.h"

#include "runtime/base/check.h"
#include "runtime/pg/connection.h"
#include "runtime/pg/pool_impl.h"

namespace chatpad::pg {

Flight::Flight(PoolImpl& pool, Cargo cargo, Claims claims, Statement statement, Params params,
               uint32_t timeout_ms)
    : pool_(&pool),
      claims_(std::move(claims)),
      statement_(statement),
      params_(std::move(params)),
      timeout_ms_(timeout_ms > 0 ? timeout_ms : kStatementTimeoutMs),
      cargo_(cargo) {
  pool_->ref();
}

Flight::Flight(PoolImpl& pool, Cargo cargo, std::vector<Ask> asks, uint32_t timeout_ms)
    : pool_(&pool),
      asks_(std::move(asks)),
      timeout_ms_(timeout_ms > 0 ? timeout_ms : kStatementTimeoutMs),
      cargo_(cargo) {
  CHECK(!asks_.empty() && asks_.size() <= kAsksMax, "a flight has at most kAsksMax asks");
  pool_->ref();
}

Flight::Flight(PoolImpl& pool, Connection& connection, Cargo cargo, Role role, Statement statement,
               Params params)
    : pool_(&pool),
      connection_(&connection),
      statement_(statement),
      params_(std::move(params)),
      timeout_ms_(kStatementTimeoutMs),
      cargo_(cargo) {
  claims_.role = role;
  pool_->ref();
}

Flight::~Flight() {
  pool_->leave(*this);
  lease_.reset();
  pool_->unref();
}

bool Flight::await_suspend(std::coroutine_handle<> awaiting) {
  CHECK(state_ == State::fresh, "a flight is awaited once");
  waiter_ = awaiting;
  return pool_->submit(*this);
}

Rows Flight::await_resume() {
  state_ = State::over;
  if (error_) raise(std::move(*error_));
  return std::move(rows_);
}

void Lease::take(Lease& other) {
  connection_ = std::exchange(other.connection_, nullptr);
  if (connection_) connection_->lease_ = this;
}

void Lease::reset() {
  if (!connection_) return;
  Connection* connection = std::exchange(connection_, nullptr);
  connection->lease_ = nullptr;
  connection->settle_transaction();
}

void FlightList::push(Flight& flight) {
  flight.next_ = nullptr;
  flight.prev_ = tail_;
  (tail_ ? tail_->next_ : head_) = &flight;
  tail_ = &flight;
  ++size_;
}

void FlightList::push_front(Flight& flight) {
  flight.prev_ = nullptr;
  flight.next_ = head_;
  (head_ ? head_->prev_ : tail_) = &flight;
  head_ = &flight;
  ++size_;
}

Flight* FlightList::pop() {
  Flight* flight = head_;
  if (flight) remove(*flight);
  return flight;
}

void FlightList::remove(Flight& flight) {
  (flight.prev_ ? flight.prev_->next_ : head_) = flight.next_;
  (flight.next_ ? flight.next_->prev_ : tail_) = flight.prev_;
  flight.next_ = flight.prev_ = nullptr;
  --size_;
}

}  // namespace chatpad::pg

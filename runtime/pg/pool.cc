#include "runtime/pg/pool.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/pg/pool_impl.h"

namespace chatpad::pg {
namespace {

// Half to all of it, so that loops and programs do not reconnect in step.
uint64_t with_jitter(uint64_t delay_ms) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return delay_ms / 2 + random() % (delay_ms / 2 + 1);
}

// Text parameters travel as C strings; PostgreSQL text cannot hold NUL either.
bool holds_nul(const Params& params) {
  for (const auto& value : params.values()) {
    if (value && std::memchr(value->data(), 0, value->size())) return true;
  }
  return false;
}

Error pool_error(Errc errc, const char* cause) { return Error(errc, PublicText(), LogText(cause)); }

}  // namespace

PoolImpl::PoolImpl(Loop& loop, PoolOptions options) : loop_(loop), options_(std::move(options)) {
  CHECK(options_.connections_max > 0, "a pool may open a connection");
  idle_.reserve(static_cast<size_t>(options_.connections_max));
}

PoolImpl::~PoolImpl() = default;

bool PoolImpl::submit(Flight& flight) {
  if (closed_) {
    flight.error_ = pool_error(Errc::draining, "the pool is closed");
    return false;
  }
  const bool nul = std::any_of(flight.asks_.begin(), flight.asks_.end(),
                               [](const Ask& ask) { return holds_nul(*ask.params); });
  if (nul || holds_nul(flight.params_)) {
    flight.error_.emplace(Errc::validation_failed,
                          PublicText("Text must not contain the NUL character."));
    return false;
  }
  if (flight.connection_) {
    Connection& connection = *std::exchange(flight.connection_, nullptr);
    if (connection.state() != Connection::State::ready) {
      flight.error_ = pool_error(Errc::internal, "a transaction has one statement at a time");
      return false;
    }
    need_tick();
    connection.start(flight);
  } else if (!idle_.empty()) {
    Connection* connection = idle_.back();
    idle_.pop_back();
    need_tick();
    connection->start(flight);
  } else if (waiting_.size() >= options_.waiters_max || is_lane_full(flight.lane())) {
    ++stats_.failures;
    flight.error_ = pool_error(Errc::overloaded, "too many wait for a connection");
    return false;
  } else {
    flight.state_ = Flight::State::waiting;
    flight.acquire_until_ms_ = loop_.now_ms() + options_.acquire_ms;
    waiting_.push(flight);
    need_tick();
    open_more();
  }
  if (flight.state_ != Flight::State::landed) return true;
  landed_.remove(flight);
  flight.state_ = Flight::State::over;
  return false;
}

// No account takes all the places, so that another one still finds one.
bool PoolImpl::is_lane_full(uint64_t lane) const {
  const size_t kept = options_.waiters_max / kKeptShare;
  return lane != 0 && waiting_.size_of(lane) >= options_.waiters_max - kept;
}

void PoolImpl::wait_again(Flight& flight) {
  flight.state_ = Flight::State::waiting;
  flight.acquire_until_ms_ = loop_.now_ms() + options_.acquire_ms;
  waiting_.push_front(flight);
  need_tick();
}

void PoolImpl::leave(Flight& flight) {
  switch (flight.state_) {
    case Flight::State::waiting:
      waiting_.remove(flight);
      break;
    case Flight::State::travelling:
      flight.connection_->abandon(flight);
      break;
    case Flight::State::landed:
      landed_.remove(flight);
      break;
    default:
      break;
  }
  flight.state_ = Flight::State::over;
}

void PoolImpl::landed(Flight& flight) {
  ++stats_.flights;
  if (flight.error_) ++stats_.failures;
  flight.state_ = Flight::State::landed;
  landed_.push(flight);
  if (turns_ > 0 || settle_deferred_) return;
  settle_deferred_ = true;
  ref();
  const std::shared_ptr<PoolImpl> hold(this, [](PoolImpl* pool) { pool->unref(); });
  loop_.defer([hold] {
    hold->settle_deferred_ = false;
    const Turn turn(*hold);
  });
}

void PoolImpl::settle() {
  while (Flight* flight = landed_.pop()) {
    flight->state_ = Flight::State::over;
    flight->waiter_.resume();
  }
}

void PoolImpl::connected(Connection& connection) {
  --connecting_;
  ++open_;
  failures_in_a_row_ = 0;
  if (!healthy_) log::Line(LogLevel::info, "database_connected").field("open", open_);
  healthy_ = true;
  free(connection);
  open_more();
}

void PoolImpl::free(Connection& connection) {
  if (Flight* flight = waiting_.pop()) {
    connection.start(*flight);
  } else {
    idle_.push_back(&connection);
  }
}

void PoolImpl::lost(Connection& connection, const Error& error, Connection::State was) {
  uint64_t delay_ms = kReconnectMinMs;
  if (was == Connection::State::connecting) {
    --connecting_;
    const int doublings = std::min(failures_in_a_row_++, 10);
    delay_ms = std::min(kReconnectMaxMs, kReconnectMinMs << doublings);
    if (!closed_ && (healthy_ || failures_in_a_row_ == 1)) {
      log::Line(LogLevel::warn, "database_unreachable").field("cause", error.cause.value);
    }
    healthy_ = false;
  } else {
    --open_;
    ++stats_.reconnects;
    std::erase(idle_, &connection);
    // Without any connection left, whether the database is there is open again.
    if (open_ == 0) healthy_ = false;
    if (!closed_) log::Line(LogLevel::warn, "database_lost").field("cause", error.cause.value);
  }
  if (closed_) return;
  connect_not_before_ms_ = loop_.now_ms() + with_jitter(delay_ms);
  open_more();
}

void PoolImpl::open_more() {
  // While the database is away one connection at a time finds out when it is back.
  const int wanted = healthy_ ? static_cast<int>(std::min<size_t>(waiting_.size(), 1 << 16)) : 1;
  while (!closed_ && connecting_ < wanted && open_ + connecting_ < options_.connections_max) {
    const uint64_t now_ms = loop_.now_ms();
    if (now_ms < connect_not_before_ms_) {
      if (!reconnect_.running()) {
        reconnect_.start(loop_, connect_not_before_ms_ - now_ms, [this] {
          const Turn turn(*this);
          open_more();
        });
      }
      return;
    }
    auto closed = std::find_if(connections_.begin(), connections_.end(), [](const auto& c) {
      return c->state() == Connection::State::closed;
    });
    if (closed == connections_.end()) {
      connections_.push_back(std::make_unique<Connection>(*this, loop_));
      closed = connections_.end() - 1;
    }
    ++connecting_;
    need_tick();
    (*closed)->open(options_.conninfo, now_ms + options_.connect_ms);
  }
}

void PoolImpl::need_tick() {
  if (tick_.running() || closed_) return;
  tick_.start(loop_, kTickMs, [this] { tick(); });
}

void PoolImpl::tick() {
  const Turn turn(*this);
  const uint64_t now_ms = loop_.now_ms();
  while (Flight* flight = waiting_.pop_expired(now_ms)) {
    flight->error_ = pool_error(Errc::database_unavailable,
                                healthy_ ? "no connection became free" : "no connection");
    landed(*flight);
  }
  bool under_way = !waiting_.empty();
  for (const auto& connection : connections_) {
    const Connection::State state = connection->state();
    if (state != Connection::State::connecting && state != Connection::State::flying) continue;
    under_way = true;
    if (connection->overdue_at_ms() > now_ms) continue;
    connection->fail(state == Connection::State::connecting
                         ? pool_error(Errc::database_unavailable, "connecting took too long")
                         : pool_error(Errc::deadline_exceeded, "the database did not answer"));
  }
  if (under_way) need_tick();
}

PoolStats PoolImpl::stats() const {
  PoolStats stats = stats_;
  stats.open = open_;
  stats.busy = open_ - static_cast<int>(idle_.size());
  stats.waiting = waiting_.size();
  return stats;
}

void PoolImpl::close() {
  if (closed_) return;
  closed_ = true;
  tick_.stop();
  reconnect_.stop();
  while (Flight* flight = waiting_.pop()) {
    flight->error_ = pool_error(Errc::draining, "the pool was closed");
    landed(*flight);
  }
  for (const auto& connection : connections_) {
    connection->fail(pool_error(Errc::draining, "the pool was closed"));
  }
}

Pool::Pool(Loop& loop, PoolOptions options) : impl_(new PoolImpl(loop, std::move(options))) {
  impl_->ref();
  impl_->open_more();
}

Pool::~Pool() {
  impl_->close();
  impl_->unref();
}

Flight Pool::once(Claims claims, Statement statement, Params params, uint32_t timeout_ms) {
  return Flight(*impl_, Cargo::once, std::move(claims), statement, std::move(params), timeout_ms);
}

Task<std::vector<Rows>> Pool::several(std::vector<Ask> asks, uint32_t timeout_ms) {
  Flight flight(*impl_, Cargo::several, std::move(asks), timeout_ms);
  Rows none = co_await flight;
  (void)none;
  co_return flight.take_answers();
}

Task<std::vector<Rows>> Pool::dry_run(std::vector<Ask> asks, uint32_t timeout_ms) {
  Flight flight(*impl_, Cargo::dry_run, std::move(asks), timeout_ms);
  Rows none = co_await flight;
  (void)none;
  co_return flight.take_answers();
}

bool Pool::healthy() const { return impl_->healthy(); }
PoolStats Pool::stats() const { return impl_->stats(); }
void Pool::close() { impl_->close(); }

}  // namespace chatpad::pg

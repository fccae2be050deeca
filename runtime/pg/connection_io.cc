// The other half of Connection: opening, watching, cancelling and dropping.
#include <libpq-fe.h>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/pg/connection.h"
#include "runtime/pg/pool_impl.h"
#include "runtime/pg/sqlstate.h"

namespace chatpad::pg {
namespace {

void log_notice(void*, const PGresult* result) {
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  log::Line(LogLevel::debug, "database_notice").field("text", text ? text : "");
}

}  // namespace

struct Connection::CancelJob {
  uv_work_t work{};
  PGcancel* cancel = nullptr;
  Connection* connection = nullptr;  // null when the connection is gone; the loop's thread only
  PoolImpl* pool = nullptr;
};

// ---- Opening ------------------------------------------------------------------------------------

void Connection::open(const std::string& conninfo, uint64_t until_ms) {
  CHECK(state_ == State::closed, "only a closed connection is opened");
  state_ = State::connecting;
  overdue_at_ms_ = until_ms;
  const char* keys[] = {"fallback_application_name", "client_encoding", "gssencmode",
                        "tcp_user_timeout",          "dbname",          nullptr};
  const char* values[] = {"chatpad", "UTF8", "disable", "10000", conninfo.c_str(), nullptr};
  pg_ = PQconnectStartParams(keys, values, 1);
  if (!pg_ || PQstatus(pg_) == CONNECTION_BAD) {
    fail(error_from_connection(pg_, "connecting"));
    return;
  }
  PQsetNoticeReceiver(pg_, log_notice, nullptr);
  watch(UV_WRITABLE);
}

void Connection::advance_connect() {
  switch (PQconnectPoll(pg_)) {
    case PGRES_POLLING_READING:
      watch(UV_READABLE);
      return;
    case PGRES_POLLING_WRITING:
      watch(UV_WRITABLE);
      return;
    case PGRES_POLLING_OK:
      break;
    default:
      fail(error_from_connection(pg_, "connecting"));
      return;
  }
  if (PQsetnonblocking(pg_, 1) != 0 || PQenterPipelineMode(pg_) != 1) {
    fail(error_from_connection(pg_, "entering pipeline mode"));
    return;
  }
  if (!watch_.watch(PQsocket(pg_), UV_READABLE)) {
    fail(error_from_connection(pg_, "watching the socket"));
    return;
  }
  state_ = State::ready;
  pool_.connected(*this);
}

void Connection::watch(int events) {
  if (!watch_.watch(PQsocket(pg_), events)) fail(error_from_connection(pg_, "watching the socket"));
}

void Connection::on_poll(void* self, int status, int events) {
  auto* connection = static_cast<Connection*>(self);
  const PoolImpl::Turn turn(connection->pool_);
  connection->on_ready(status, events);
}

void Connection::on_ready(int status, int events) {
  if (state_ == State::connecting) {
    advance_connect();
    return;
  }
  // A socket error is read by libpq, which words it; libuv has stopped watching then.
  if (events & UV_WRITABLE) flush_or_arm();
  if (status < 0 || (events & UV_READABLE)) receive();
  if (status < 0 && is_open()) fail(error_from_connection(pg_, "the socket failed"));
}

// ---- Cancelling ---------------------------------------------------------------------------------

void Connection::abandon(Flight& flight) {
  CHECK(flight_ == &flight, "a flight is abandoned on the connection that carries it");
  flight_ = nullptr;
  flight.connection_ = nullptr;
  cancel_grace_.start(loop_, kCancelGraceMs, [this] { start_cancel(); });
}

void Connection::start_cancel() {
  if (state_ != State::flying || flight_ || cancel_) return;
  auto* job = new CancelJob;
  job->work.data = job;
  job->cancel = PQgetCancel(pg_);
  job->connection = this;
  job->pool = &pool_;
  const int queued =
      job->cancel ? uv_queue_work(
                        loop_.raw(), &job->work,
                        [](uv_work_t* work) {
                          char why[256];
                          // A failure changes nothing: statement_timeout and the overdue check end
                          // the flight.
                          PQcancel(static_cast<CancelJob*>(work->data)->cancel, why, sizeof why);
                        },
                        [](uv_work_t* work, int) {
                          auto* done = static_cast<CancelJob*>(work->data);
                          PoolImpl* pool = done->pool;
                          {
                            const PoolImpl::Turn turn(*pool);
                            if (done->connection) done->connection->cancelled();
                          }
                          PQfreeCancel(done->cancel);
                          delete done;
                          pool->unref();
                        })
                  : -1;
  if (queued != 0) {
    if (job->cancel) PQfreeCancel(job->cancel);
    delete job;
    return;
  }
  pool_.ref();
  cancel_ = job;
}

void Connection::cancelled() {
  cancel_ = nullptr;
  settle_transaction();
}

// ---- Dropping -----------------------------------------------------------------------------------

void Connection::fail(Error error) {
  if (state_ == State::closed) return;
  const State was = std::exchange(state_, State::closed);
  watch_.stop();
  cancel_grace_.stop();
  if (cancel_) std::exchange(cancel_, nullptr)->connection = nullptr;
  PQfinish(std::exchange(pg_, nullptr));
  prepared_.clear();
  parsing_.clear();
  parsed_ = 0;
  config_exists_ = {};
  deallocate_first_ = false;
  if (lease_) std::exchange(lease_, nullptr)->connection_ = nullptr;
  if (Flight* flight = std::exchange(flight_, nullptr)) {
    flight->connection_ = nullptr;
    flight->rows_ = Rows();
    flight->answers_.clear();
    const bool queued = flight->cargo_ != Cargo::query && flight->cargo_ != Cargo::commit &&
                        flight->cargo_ != Cargo::rollback;
    if (queued && flight->unexecuted_ && !flight->retried_ && !pool_.closed()) {
      flight->retried_ = true;
      flight->error_.reset();
      pool_.wait_again(*flight);
    } else {
      if (!flight->error_) flight->error_ = error;
      pool_.landed(*flight);
    }
  }
  pool_.lost(*this, error, was);
}

}  // namespace chatpad::pg

#include "runtime/pg/connection.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/pg/pool_impl.h"
#include "runtime/pg/sqlstate.h"

namespace chatpad::pg {
namespace {

struct ConfigStatement {
  const char* name;
  const char* sql;
};
// Index 0 without a role switch, 1 with one. The WHERE form sends no row back; set_config() never
// gives NULL for these, so OR evaluates all of them, from left to right.
constexpr ConfigStatement kConfig[2] = {
    {"chatpad_config",
     "select where set_config('request.jwt.claims',$1,true) is null"
     " or set_config('statement_timeout',$2,true) is null"},
    {"chatpad_config_role",
     "select where set_config('role',$1,true) is null"
     " or set_config('request.jwt.claims',$2,true) is null"
     " or set_config('statement_timeout',$3,true) is null"}};

char role_letter(Role role) {
  constexpr char kLetters[] = {'n', 'a', 'v', 'u', 'k', 's'};
  return kLetters[static_cast<size_t>(role)];
}

}  // namespace

Connection::Connection(PoolImpl& pool, Loop& loop)
    : pool_(pool), loop_(loop), watch_(loop, this, on_poll) {
  name_.reserve(64);
}

Connection::~Connection() { CHECK(!pg_, "a pool closes its connections before it ends"); }

void Connection::lease_to(Lease& lease) {
  lease.connection_ = this;
  lease_ = &lease;
}

// ---- Sending ------------------------------------------------------------------------------------

void Connection::start(Flight& flight) {
  CHECK(state_ == State::ready, "a connection carries one flight at a time");
  state_ = State::flying;
  flight_ = &flight;
  flight.connection_ = this;
  flight.state_ = Flight::State::travelling;
  overdue_at_ms_ = loop_.now_ms() + flight.timeout_ms_ + kAnswerGraceMs;
  if (!send(flight)) fail(error_from_connection(pg_, "sending"));
}

bool Connection::send(Flight& flight) {
  steps_size_ = step_ = 0;
  nulls_ = 0;
  stale_prepared_ = failed_ = false;
  parsing_ = nullptr;
  if (deallocate_first_) {
    deallocate_first_ = false;
    prepared_.clear();
    config_exists_[0] = config_exists_[1] = false;
    if (!send_verb("deallocate all")) return false;
  }
  bool ok = true;
  switch (flight.cargo_) {
    case Cargo::once:
      ok = send_config(flight) && send_statement(flight);
      break;
    case Cargo::begin:
      ok = send_verb("begin") && send_config(flight);
      break;
    case Cargo::query:
      ok = send_statement(flight);
      break;
    case Cargo::commit:
      ok = send_verb("commit");
      break;
    case Cargo::rollback:
      ok = send_verb("rollback");
      break;
  }
  return ok && sync();
}

bool Connection::sent(int ok, Step step) {
  CHECK(steps_size_ < kStepsMax, "a flight has few steps");
  steps_[steps_size_++] = step;
  return ok == 1;
}

bool Connection::send_verb(const char* sql) {
  return sent(PQsendQueryParams(pg_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0), Step::verb);
}

bool Connection::send_config(const Flight& flight) {
  const bool with_role = flight.claims_.role != Role::none;
  config_index_ = with_role ? 1 : 0;
  const ConfigStatement& config = kConfig[config_index_];
  if (!config_exists_[config_index_] &&
      !sent(PQsendPrepare(pg_, config.name, config.sql, 0, nullptr), Step::parse_config)) {
    return false;
  }
  char timeout[16];
  *std::to_chars(timeout, timeout + sizeof timeout - 1, flight.timeout_ms_).ptr = '\0';
  const char* values[3] = {role_name(flight.claims_.role).data(), flight.claims_.json.c_str(),
                           timeout};
  return sent(PQsendQueryPrepared(pg_, config.name, with_role ? 3 : 2,
                                  with_role ? values : values + 1, nullptr, nullptr, 0),
              Step::config);
}

bool Connection::send_statement(const Flight& flight) {
  const Statement& statement = flight.statement_;
  const auto& params = flight.params_.values();
  CHECK(params.size() <= kParamsMax, "a statement has at most kParamsMax parameters");
  CHECK(statement.name.size() <= kNameBytesMax, "a statement's name is short");
  const char* values[kParamsMax];
  for (size_t i = 0; i < params.size(); ++i) values[i] = params[i] ? params[i]->c_str() : nullptr;

  name_.clear();
  if (!statement.name.empty()) {
    name_ += role_letter(flight.claims_.role);
    name_ += statement.name;
  }
  auto known = name_.empty() ? prepared_.end() : prepared_.find(name_);
  bool parse = known == prepared_.end();
  if (!parse && known->second.sql != statement.sql) {
    log::Line(LogLevel::warn, "statement_name_reused").field("statement", statement.name);
    name_.clear();
    parse = true;
  }
  if (parse) {
    const std::string sql(statement.sql);
    if (!name_.empty() && prepared_.size() >= kPreparedMax) name_.clear();
    if (!sent(PQsendPrepare(pg_, name_.c_str(), sql.c_str(), 0, nullptr), Step::parse_statement)) {
      return false;
    }
    if (!name_.empty()) {
      Prepared entry;
      entry.sql = sql;
      parsing_ = &*prepared_.emplace(name_, std::move(entry)).first;
    }
  }
  return sent(PQsendQueryPrepared(pg_, name_.c_str(), static_cast<int>(params.size()), values,
                                  nullptr, nullptr, 0),
              Step::statement);
}

// Of libpq 15: PQpipelineSync also writes what is buffered.
bool Connection::sync() {
  if (PQpipelineSync(pg_) != 1) return false;
  flush_or_arm();
  return true;
}

void Connection::flush_or_arm() {
  // A dead socket makes libpq keep the failure for the next read, so -1 needs no care here.
  watch_.want_writable(PQsocket(pg_), PQflush(pg_));
}

// ---- Receiving ----------------------------------------------------------------------------------

void Connection::receive() {
  if (PQconsumeInput(pg_) != 1) {
    fail(error_from_connection(pg_, "receiving"));
    return;
  }
  // Also reads what arrives between flights: notices and parameter changes.
  while (!PQisBusy(pg_) && state_ == State::flying) {
    PGresult* result = PQgetResult(pg_);
    if (!result) {
      ++step_;
      if (++nulls_ > kNullResultsMax) {
        fail(Error(Errc::internal, PublicText(), LogText("the pipeline lost its order")));
      }
      continue;
    }
    nulls_ = 0;
    if (take(result)) land();
  }
}

// True at the end of the flight. Takes the result over.
bool Connection::take(PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  const Step step = step_ < steps_size_ ? steps_[step_] : Step::verb;
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
    if (step == Step::statement && flight_) {
      flight_->rows_ = Rows(result);
      return false;
    }
    if (step == Step::parse_config) config_exists_[config_index_] = true;
    if (step == Step::parse_statement && parsing_) parsing_->second.exists = true;
    if (flight_ && flight_->cargo_ == Cargo::commit && step == Step::verb &&
        std::strcmp(PQcmdStatus(result), "ROLLBACK") == 0) {
      failed_ = true;
      flight_->error_.emplace(Errc::conflict, PublicText(), LogText("commit was a rollback"));
    }
  } else if (status == PGRES_FATAL_ERROR) {
    take_error(result);
  } else if (status == PGRES_PIPELINE_SYNC) {
    PQclear(result);
    return true;
  } else if (status != PGRES_PIPELINE_ABORTED && status != PGRES_EMPTY_QUERY) {
    const std::string what = PQresStatus(status);
    PQclear(result);
    fail(Error(Errc::internal, PublicText(), LogText("a statement may not answer " + what)));
    return false;
  }
  PQclear(result);
  return false;
}

void Connection::take_error(const PGresult* result) {
  if (failed_) return;
  failed_ = true;
  stale_prepared_ = is_stale_prepared(result);
  if (!flight_) return;
  flight_->error_ = error_from_result(result);
  // Results come in order: an end of the connection before the first one means that the server was
  // told to end while it was idle.
  flight_->unexecuted_ = step_ == 0 && sqlstate_of(result) == "57P01";
}

// PIPELINE_SYNC was reached: what the flight brought is complete.
void Connection::land() {
  cancel_grace_.stop();
  if (parsing_ && !parsing_->second.exists) prepared_.erase(prepared_.find(parsing_->first));
  parsing_ = nullptr;
  if (stale_prepared_) deallocate_first_ = true;
  if (stale_prepared_ && flight_ && flight_->cargo_ == Cargo::once && !flight_->retried_) {
    flight_->retried_ = true;
    flight_->error_.reset();
    if (!send(*flight_)) fail(error_from_connection(pg_, "sending again"));
    return;
  }
  state_ = State::ready;
  Flight* flight = std::exchange(flight_, nullptr);
  const bool in_transaction = PQtransactionStatus(pg_) != PQTRANS_IDLE;
  if (flight) {
    flight->connection_ = nullptr;
    if (failed_) flight->rows_ = Rows();
    if (flight->cargo_ == Cargo::begin && !failed_) lease_to(flight->lease_);
    pool_.landed(*flight);
  }
  if (lease_ && !in_transaction) {
    lease_->connection_ = nullptr;
    lease_ = nullptr;
  }
  if (!lease_) settle_transaction();
}

// Ready for others only without an open transaction and without a cancel request on its way.
void Connection::settle_transaction() {
  if (state_ != State::ready || lease_) return;
  if (PQtransactionStatus(pg_) != PQTRANS_IDLE) {
    state_ = State::flying;
    steps_size_ = step_ = 0;
    nulls_ = 0;
    stale_prepared_ = failed_ = false;
    overdue_at_ms_ = loop_.now_ms() + kAnswerGraceMs;
    if (!send_verb("rollback") || !sync()) fail(error_from_connection(pg_, "rolling back"));
    return;
  }
  if (!cancel_) pool_.free(*this);
}

}  // namespace chatpad::pg

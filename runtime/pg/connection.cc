#include "runtime/pg/connection.h"

#include <libpq-fe.h>

#include <algorithm>
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
// 0 without a role switch, 1 with one, 2 for one of several asks: those come again and again with
// other values, and when a policy calls a function PostgreSQL would rather plan each anew, which
// takes many times as long as its execution. The WHERE form sends no row back; set_config() never
// gives NULL for these, so OR evaluates all of them, from left to right.
constexpr ConfigStatement kConfig[] = {
    {"chatpad_config",
     "select where set_config('request.jwt.claims',$1,true) is null"
     " or set_config('statement_timeout',$2,true) is null"},
    {"chatpad_config_role",
     "select where set_config('role',$1,true) is null"
     " or set_config('request.jwt.claims',$2,true) is null"
     " or set_config('statement_timeout',$3,true) is null"},
    {"chatpad_config_ask",
     "select where set_config('role',$1,true) is null"
     " or set_config('request.jwt.claims',$2,true) is null"
     " or set_config('statement_timeout',$3,true) is null"
     " or set_config('plan_cache_mode','force_generic_plan',true) is null"}};
constexpr size_t kConfigBare = 0, kConfigRole = 1, kConfigAsk = 2;

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
  const uint64_t statements = std::max<uint64_t>(flight.asks_.size(), 1);
  overdue_at_ms_ = loop_.now_ms() + statements * flight.timeout_ms_ + kAnswerGraceMs;
  if (!send(flight)) fail(error_from_connection(pg_, "sending"));
}

bool Connection::send(Flight& flight) {
  steps_.clear();
  step_ = 0;
  nulls_ = 0;
  stale_prepared_ = failed_ = false;
  parsing_.clear();
  parsed_ = 0;
  config_parsing_ = false;
  // A dry run that is flown once more: its failure has left the transaction open.
  const bool in_failed = PQtransactionStatus(pg_) == PQTRANS_INERROR;
  if (in_failed && flight.cargo_ == Cargo::dry_run && !send_verb("rollback")) return false;
  if (deallocate_first_) {
    deallocate_first_ = false;
    prepared_.clear();
    config_exists_ = {};
    if (!send_verb("deallocate all")) return false;
  }
  bool ok = true;
  switch (flight.cargo_) {
    case Cargo::once:
      ok = send_config(flight.claims_, flight.timeout_ms_, kConfigRole) &&
           send_statement(flight.claims_.role, flight.statement_, flight.params_);
      break;
    case Cargo::several:
      ok = send_several(flight);
      break;
    case Cargo::dry_run:
      ok = send_verb("begin") && send_several(flight) && send_verb("rollback");
      break;
    case Cargo::begin:
      ok = send_verb("begin") && send_config(flight.claims_, flight.timeout_ms_, kConfigRole);
      break;
    case Cargo::query:
      ok = send_statement(flight.claims_.role, flight.statement_, flight.params_);
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
  CHECK(steps_.size() < kStepsMax, "a flight has few steps");
  steps_.push_back(step);
  return ok == 1;
}

bool Connection::send_verb(const char* sql) {
  return sent(PQsendQueryParams(pg_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0), Step::verb);
}

bool Connection::send_several(const Flight& flight) {
  for (const Ask& ask : flight.asks_) {
    if (!send_config(ask.claims, flight.timeout_ms_, kConfigAsk)) return false;
    if (!send_statement(ask.claims.role, ask.statement, *ask.params)) return false;
  }
  return true;
}

bool Connection::send_config(const Claims& claims, uint32_t timeout_ms, size_t form) {
  // Of several asks one may be the login role's own behind another role's: 'none' brings it back.
  const bool with_role = claims.role != Role::none || form == kConfigAsk;
  config_index_ = with_role ? form : kConfigBare;
  const ConfigStatement& config = kConfig[config_index_];
  if (!config_exists_[config_index_] && !config_parsing_) {
    config_parsing_ = true;
    if (!sent(PQsendPrepare(pg_, config.name, config.sql, 0, nullptr), Step::parse_config)) {
      return false;
    }
  }
  char timeout[16];
  *std::to_chars(timeout, timeout + sizeof timeout - 1, timeout_ms).ptr = '\0';
  const char* values[3] = {role_name(claims.role).data(), claims.json.c_str(), timeout};
  return sent(PQsendQueryPrepared(pg_, config.name, with_role ? 3 : 2,
                                  with_role ? values : values + 1, nullptr, nullptr, 0),
              Step::config);
}

bool Connection::send_statement(Role role, const Statement& statement, const Params& from) {
  const auto& params = from.values();
  CHECK(params.size() <= kParamsMax, "a statement has at most kParamsMax parameters");
  CHECK(statement.name.size() <= kNameBytesMax, "a statement's name is short");
  const char* values[kParamsMax];
  for (size_t i = 0; i < params.size(); ++i) values[i] = params[i] ? params[i]->c_str() : nullptr;

  name_.clear();
  if (!statement.name.empty()) {
    name_ += role_letter(role);
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
    const Step step = name_.empty() ? Step::parse_unnamed : Step::parse_statement;
    if (!sent(PQsendPrepare(pg_, name_.c_str(), sql.c_str(), 0, nullptr), step)) {
      return false;
    }
    if (!name_.empty()) {
      Prepared entry;
      entry.sql = sql;
      parsing_.push_back(&*prepared_.emplace(name_, std::move(entry)).first);
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
  const Step step = step_ < steps_.size() ? steps_[step_] : Step::verb;
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
    if (step == Step::statement && flight_) {
      if (!flight_->asks_.empty()) {
        flight_->answers_.emplace_back(result);
      } else {
        flight_->rows_ = Rows(result);
      }
      return false;
    }
    if (step == Step::parse_config) config_exists_[config_index_] = true;
    if (step == Step::parse_statement && parsed_ < parsing_.size()) {
      parsing_[parsed_++]->second.exists = true;
    }
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
  for (size_t i = parsed_; i < parsing_.size(); ++i) {
    prepared_.erase(prepared_.find(parsing_[i]->first));
  }
  parsing_.clear();
  parsed_ = 0;
  if (stale_prepared_) deallocate_first_ = true;
  const bool whole = flight_ && (flight_->cargo_ == Cargo::once || !flight_->asks_.empty());
  if (stale_prepared_ && whole && !flight_->retried_) {
    flight_->retried_ = true;
    flight_->error_.reset();
    flight_->answers_.clear();
    if (!send(*flight_)) fail(error_from_connection(pg_, "sending again"));
    return;
  }
  state_ = State::ready;
  Flight* flight = std::exchange(flight_, nullptr);
  const bool in_transaction = PQtransactionStatus(pg_) != PQTRANS_IDLE;
  if (flight) {
    flight->connection_ = nullptr;
    if (failed_) {
      flight->rows_ = Rows();
      flight->answers_.clear();
    }
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
    steps_.clear();
    step_ = 0;
    nulls_ = 0;
    stale_prepared_ = failed_ = false;
    overdue_at_ms_ = loop_.now_ms() + kAnswerGraceMs;
    if (!send_verb("rollback") || !sync()) fail(error_from_connection(pg_, "rolling back"));
    return;
  }
  if (!cancel_) pool_.free(*this);
}

}  // namespace chatpad::pg

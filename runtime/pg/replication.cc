#include "runtime/pg/replication.h"

#include <libpq-fe.h>

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/uuid.h"
#include "runtime/pg/sqlstate.h"

namespace chatpad::pg {
namespace {

// The forms in which values are written do not depend on the server's settings.
constexpr const char* kSession =
    "-c wal_sender_timeout=30s -c datestyle=ISO -c timezone=UTC -c intervalstyle=postgres "
    "-c extra_float_digits=1 -c bytea_output=hex";

std::string random_slot_name() {
  constexpr char kHex[] = "0123456789abcdef";
  uint8_t bytes[8];
  random_bytes(bytes, sizeof bytes);
  std::string name = "chatpad_";
  for (const uint8_t byte : bytes) {
    name += kHex[byte >> 4];
    name += kHex[byte & 15];
  }
  return name;
}

// 'a','b' as a list of identifiers inside a string literal.
std::string quoted_list(const std::vector<std::string>& names) {
  std::string list = "'";
  for (const std::string& name : names) {
    if (list.size() > 1) list += ',';
    list += '"';
    for (const char c : name) {
      if (c == '"' || c == '\'') list += c;
      list += c;
    }
    list += '"';
  }
  return list + "'";
}

}  // namespace

Replication::Replication(Loop& loop, ReplicationOptions options, ReplicationHandler& handler)
    : loop_(loop),
      options_(std::move(options)),
      handler_(handler),
      watch_(loop, this, [](void* self, int status, int events) {
        static_cast<Replication*>(self)->on_socket(status, events);
      }) {
  CHECK(!options_.publications.empty(), "a stream names a publication");
  connect();
}

Replication::~Replication() { close(); }

void Replication::close() {
  drop();
  state_ = State::closed;
}

void Replication::drop() {
  timer_.stop();
  more_.stop();
  watch_.stop();
  PQfinish(std::exchange(pg_, nullptr));
  relations_.clear();
  unsettled_.clear();
  settled_by_ms_ = 0;
  in_transaction_ = false;
  paused_ = false;
}

void Replication::broken(Error error) {
  if (state_ == State::closed) return;
  const bool was_streaming = state_ == State::streaming;
  drop();
  state_ = State::waiting;
  if (was_streaming) {
    failures_in_a_row_ = 0;
    ++reconnects_;
  }
  const int doublings = std::min(failures_in_a_row_, 10);
  const uint64_t delay_ms = std::min(kReconnectMaxMs, kReconnectMinMs << doublings);
  if (failures_in_a_row_++ == 0) {
    log::Line(LogLevel::warn, "replication_lost").field("cause", error.cause.value);
  }
  last_error_ = std::move(error);
  timer_.start(loop_, delay_ms, [this] { connect(); });
  if (was_streaming) handler_.on_lost();
}

// ---- Connecting ---------------------------------------------------------------------------------

void Replication::connect() {
  state_ = State::connecting;
  const char* keys[] = {"fallback_application_name",
                        "client_encoding",
                        "gssencmode",
                        "options",
                        "dbname",
                        "replication",
                        nullptr};
  const char* values[] = {"chatpad_replication",     "UTF8",     "disable", kSession,
                          options_.conninfo.c_str(), "database", nullptr};
  pg_ = PQconnectStartParams(keys, values, 1);
  if (!pg_ || PQstatus(pg_) == CONNECTION_BAD || !watch_.watch(PQsocket(pg_), UV_WRITABLE)) {
    broken(error_from_connection(pg_, "connecting"));
    return;
  }
  PQsetNoticeReceiver(
      pg_, [](void*, const PGresult*) {}, nullptr);
  timer_.start(loop_, options_.connect_ms, [this] {
    broken(Error(Errc::database_unavailable, PublicText(), LogText("connecting took too long")));
  });
}

void Replication::advance_connect() {
  int events = 0;
  switch (PQconnectPoll(pg_)) {
    case PGRES_POLLING_READING:
      events = UV_READABLE;
      break;
    case PGRES_POLLING_WRITING:
      events = UV_WRITABLE;
      break;
    case PGRES_POLLING_OK:
      break;
    default:
      broken(error_from_connection(pg_, "connecting"));
      return;
  }
  if (!watch_.watch(PQsocket(pg_), events ? events : UV_READABLE)) {
    broken(error_from_connection(pg_, "watching the socket"));
    return;
  }
  if (events) return;
  PQsetnonblocking(pg_, 1);
  timer_.start(loop_, kSlotMsMax, [this] {
    broken(Error(Errc::database_unavailable, PublicText(),
                 LogText("making a slot took too long: a write transaction stays open")));
  });
  send("IDENTIFY_SYSTEM", State::identifying);
}

void Replication::send(const std::string& command, State next) {
  state_ = next;
  if (PQsendQuery(pg_, command.c_str()) != 1) {
    broken(error_from_connection(pg_, "sending"));
    return;
  }
  flush();
}

void Replication::flush() {
  const int more = PQflush(pg_);
  if (!paused_) {
    watch_.want_writable(PQsocket(pg_), more);
  } else if (more > 0) {
    watch_.watch(PQsocket(pg_), UV_WRITABLE);
  } else {
    watch_.stop();
  }
}

void Replication::pause() {
  if (state_ != State::streaming || paused_) return;
  paused_ = true;
  more_.stop();
  watch_.stop();
}

void Replication::resume() {
  if (!paused_) return;
  paused_ = false;
  heard_at_ms_ = loop_.now_ms();
  if (!watch_.watch(PQsocket(pg_), UV_READABLE)) {
    broken(error_from_connection(pg_, "watching the socket"));
    return;
  }
  more_.start(loop_, 1, [this] { receive_stream(); });
}

void Replication::on_socket(int status, int events) {
  if (state_ == State::connecting) {
    advance_connect();
    return;
  }
  if (events & UV_WRITABLE) flush();
  if (paused_) return;
  if (status >= 0 && !(events & UV_READABLE)) return;
  // What libpq holds already is worked off first, so its buffer cannot grow without bound.
  if (more_.running() && status >= 0) return;
  if (PQconsumeInput(pg_) != 1) {
    broken(error_from_connection(pg_, "receiving"));
    return;
  }
  heard_at_ms_ = loop_.now_ms();
  if (state_ == State::streaming) {
    receive_stream();
  } else {
    receive_results();
  }
  if (status < 0 && pg_) broken(error_from_connection(pg_, "the socket failed"));
}

void Replication::receive_results() {
  while (pg_ && state_ != State::streaming && !PQisBusy(pg_)) {
    PGresult* result = PQgetResult(pg_);
    if (result) {
      take_result(result);
      continue;
    }
    if (state_ == State::identifying) {
      slot_ = random_slot_name();
      send("CREATE_REPLICATION_SLOT " + slot_ + " TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT",
           State::making_slot);
      return;
    }
    if (state_ != State::making_slot && state_ != State::settling) return;
    return settle();
  }
  if (state_ == State::streaming) receive_stream();
}

void Replication::settle() {
  const bool known = settled_by_ms_ != 0;
  if (known && (unsettled_.empty() || loop_.now_ms() >= settled_by_ms_)) {
    send("START_REPLICATION SLOT " + slot_ + " LOGICAL 0/0 (proto_version '1', publication_names " +
             quoted_list(options_.publications) + ")",
         State::starting);
    return;
  }
  const auto ask = [this] { send("SELECT pg_current_snapshot()", State::settling); };
  if (!known) return ask();
  more_.start(loop_, kSettlePauseMs, ask);
}

// `xmin:xmax:xid,xid`: the last part names who is open.
void Replication::take_snapshot(std::string_view snapshot) {
  std::vector<std::string> open;
  std::string_view rest = snapshot.substr(std::min(snapshot.rfind(':') + 1, snapshot.size()));
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    open.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (settled_by_ms_ == 0) {
    settled_by_ms_ = loop_.now_ms() + kSettleMsMax;
    unsettled_ = std::move(open);
    return;
  }
  std::erase_if(unsettled_, [&open](const std::string& xid) {
    return std::find(open.begin(), open.end(), xid) == open.end();
  });
}

void Replication::take_result(PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK && state_ == State::identifying) {
    cluster_ = std::string(PQgetvalue(result, 0, 0)) + "." + PQgetvalue(result, 0, 1);
    database_ = PQgetvalue(result, 0, 3);
  } else if (status == PGRES_TUPLES_OK && state_ == State::making_slot) {
    slot_lsn_ = pgoutput::parse_lsn(PQgetvalue(result, 0, 1)).value_or(0);
  } else if (status == PGRES_TUPLES_OK && state_ == State::settling) {
    take_snapshot(PQgetvalue(result, 0, 0));
  } else if (status == PGRES_COPY_BOTH) {
    state_ = State::streaming;
    failures_in_a_row_ = 0;
    last_error_.reset();
    heard_at_ms_ = confirmed_at_ms_ = loop_.now_ms();
    confirmed_ = slot_lsn_;
    status_in(kStatusMs);
    const pgoutput::Lsn from = std::exchange(handed_over_, slot_lsn_);
    log::Line(LogLevel::info, "replication_started").field("lsn", pgoutput::lsn_text(slot_lsn_));
    if (std::exchange(streamed_before_, true)) handler_.on_gap(from, slot_lsn_);
    handler_.on_ready(slot_lsn_);
  } else {
    Error error = error_from_result(result);
    PQclear(result);
    broken(std::move(error));
    return;
  }
  PQclear(result);
}

// ---- Streaming ----------------------------------------------------------------------------------

void Replication::receive_stream() {
  for (size_t frames = 0; frames < kFramesPerTurnMax; ++frames) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(pg_, &bytes, 1);
    if (size == 0) return;
    if (size < 0) {
      PGresult* result = PQisBusy(pg_) ? nullptr : PQgetResult(pg_);
      const bool worded = result && PQresultStatus(result) == PGRES_FATAL_ERROR;
      Error error =
          worded ? error_from_result(result) : error_from_connection(pg_, "the stream ended");
      PQclear(result);
      broken(std::move(error));
      return;
    }
    const bool good = take_frame(std::string_view(bytes, static_cast<size_t>(size)));
    PQfreemem(bytes);
    if (!good) {
      broken(Error(Errc::internal, PublicText(), LogText("the stream cannot be decoded")));
      return;
    }
    if (state_ != State::streaming || paused_) return;
  }
  // Not zero: a timer that is due at once would run again in the same turn.
  more_.start(loop_, 1, [this] { receive_stream(); });
}

bool Replication::take_frame(std::string_view bytes) {
  const Result<pgoutput::Frame> frame = pgoutput::decode_frame(bytes);
  if (!frame) return false;
  if (const auto* data = std::get_if<pgoutput::XLogData>(&*frame)) {
    wal_end_ = std::max(wal_end_, data->wal_end);
    return !is_unwanted(data->payload) ? take_event(data->payload) : true;
  }
  const auto& alive = std::get<pgoutput::KeepAlive>(*frame);
  wal_end_ = std::max(wal_end_, alive.wal_end);
  if (!in_transaction_) progress(alive.wal_end);
  if (alive.reply == pgoutput::Reply::wanted && state_ == State::streaming) {
    send_status(pgoutput::Reply::not_needed);
  }
  return true;
}

// A row of a table that the handler does not want. The table's number follows the letter.
bool Replication::is_unwanted(std::string_view bytes) {
  if (bytes.size() < 5) return false;
  if (bytes[0] != 'I' && bytes[0] != 'U' && bytes[0] != 'D') return false;
  uint32_t id = 0;
  for (size_t i = 1; i < 5; ++i) id = id << 8 | static_cast<uint8_t>(bytes[i]);
  return !handler_.wants(id);
}

bool Replication::take_event(std::string_view bytes) {
  Result<pgoutput::Event> event = pgoutput::decode(bytes);
  if (!event) return false;
  if (auto* insert = std::get_if<pgoutput::Insert>(&*event)) {
    const pgoutput::Relation* table = relation(insert->relation_id);
    if (!table || insert->row.size() != table->columns.size()) return false;
    handler_.on_insert(*table, *insert);
  } else if (auto* update = std::get_if<pgoutput::Update>(&*event)) {
    const pgoutput::Relation* table = relation(update->relation_id);
    if (!table || update->row.size() != table->columns.size()) return false;
    if (!update->old_row.empty() && update->old_row.size() != update->row.size()) return false;
    handler_.on_update(*table, *update);
  } else if (auto* gone = std::get_if<pgoutput::Delete>(&*event)) {
    const pgoutput::Relation* table = relation(gone->relation_id);
    if (!table || gone->old_row.size() != table->columns.size()) return false;
    handler_.on_delete(*table, *gone);
  } else if (auto* begin = std::get_if<pgoutput::Begin>(&*event)) {
    in_transaction_ = true;
    handler_.on_begin(*begin);
  } else if (auto* commit = std::get_if<pgoutput::Commit>(&*event)) {
    in_transaction_ = false;
    handler_.on_commit(*commit);
    progress(commit->end_lsn);
  } else if (auto* table = std::get_if<pgoutput::Relation>(&*event)) {
    return keep(std::move(*table));
  } else if (auto* truncate = std::get_if<pgoutput::Truncate>(&*event)) {
    for (const uint32_t id : truncate->relation_ids) {
      const pgoutput::Relation* emptied = relation(id);
      if (!emptied) return false;
      handler_.on_truncate(*emptied);
    }
  }
  return true;
}

const pgoutput::Relation* Replication::relation(uint32_t id) {
  const auto found = relations_.find(id);
  return found == relations_.end() ? nullptr : &found->second;
}

bool Replication::keep(pgoutput::Relation relation) {
  const uint32_t id = relation.id;
  if (relations_.size() >= kRelationsMax && !relations_.contains(id)) return false;
  handler_.on_relation(relations_[id] = std::move(relation));
  return true;
}

void Replication::progress(pgoutput::Lsn lsn) {
  if (lsn < handed_over_) return;
  handed_over_ = lsn;
  if (resting_ && handed_over_ != confirmed_) status_in(kStatusMs);
  handler_.on_progress(lsn);
}

void Replication::status_in(uint64_t delay_ms) {
  resting_ = delay_ms > kStatusMs;
  timer_.start(loop_, delay_ms, [this] { status_due(); });
}

void Replication::status_due() {
  const uint64_t now_ms = loop_.now_ms();
  if (!paused_ && now_ms - heard_at_ms_ > kSilentMsMax) {
    broken(Error(Errc::database_unavailable, PublicText(), LogText("the server fell silent")));
    return;
  }
  if (paused_ || handed_over_ != confirmed_) {
    send_status(pgoutput::Reply::not_needed);
  } else if (now_ms - confirmed_at_ms_ >= options_.idle_status_ms) {
    // Our word keeps the server from asking for one, so without being asked it would be silent.
    send_status(pgoutput::Reply::wanted);
  }
  if (state_ != State::streaming) return;
  const uint64_t since_ms = now_ms - confirmed_at_ms_;
  const bool idle = !paused_ && handed_over_ == confirmed_ && since_ms < options_.idle_status_ms;
  status_in(idle ? options_.idle_status_ms - since_ms : kStatusMs);
}

void Replication::send_status(pgoutput::Reply reply) {
  const std::string status = pgoutput::encode_status(handed_over_, wall_ms() * 1000, reply);
  // Zero: libpq's buffer is full; the next status says more anyway.
  if (PQputCopyData(pg_, status.data(), static_cast<int>(status.size())) < 0) {
    broken(error_from_connection(pg_, "sending a status"));
    return;
  }
  confirmed_ = handed_over_;
  confirmed_at_ms_ = loop_.now_ms();
  flush();
}

int Replication::backend_pid() const { return pg_ ? PQbackendPID(pg_) : 0; }

}  // namespace chatpad::pg

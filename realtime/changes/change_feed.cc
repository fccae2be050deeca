#include "realtime/changes/change_feed.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace chatpad::realtime {

using pg::pgoutput::OldRow;
using pg::pgoutput::Relation;

ChangeFeed::ChangeFeed(Loop& loop, ChangeFeedOptions options)
    : loop_(loop), options_(std::move(options)) {}
ChangeFeed::~ChangeFeed() { stop(); }

void ChangeFeed::stop() {
  stopped_ = true;
  scope_.cancel_all();
  resume_timer_.stop();
  idle_timer_.stop();
  if (replication_) replication_->close();
  batch_.reset();
}

ChangeFeedStats ChangeFeed::stats() const {
  ChangeFeedStats stats = stats_;
  stats.in_flight_bytes = budget_->bytes.load(std::memory_order_relaxed);
  if (replication_) {
    stats.live = replication_->streaming();
    stats.lag_bytes = replication_->lag_bytes();
  }
  return stats;
}

// ---- Who wants what -----------------------------------------------------------------------------

bool ChangeFeed::want(std::vector<TablePattern> patterns, Loop& reply_to,
                      std::function<void()> live) {
  Waiting waiting{std::move(patterns), &reply_to, std::move(live)};
  return loop_.post(
      [this, waiting = std::move(waiting)]() mutable { add_interest(std::move(waiting)); });
}

void ChangeFeed::forget(std::vector<TablePattern> patterns) {
  loop_.post([this, patterns = std::move(patterns)] { drop_interest(patterns); });
}

void ChangeFeed::add_interest(Waiting waiting) {
  if (stopped_) return;
  idle_timer_.stop();
  for (const TablePattern& pattern : waiting.patterns) ++interest_[pattern];
  waiting_.push_back(std::move(waiting));
  if (!replication_) begin_stream();
  for (auto& [id, known] : known_) look_at(known);
  answer_waiting();
}

void ChangeFeed::drop_interest(const std::vector<TablePattern>& patterns) {
  for (const TablePattern& pattern : patterns) {
    const auto found = interest_.find(pattern);
    if (found != interest_.end() && --found->second == 0) interest_.erase(found);
  }
  for (auto& [id, known] : known_) known.wanted = is_wanted(known.relation);
  if (interest_.empty() && !stopped_) idle_timer_.start(loop_, kIdleMs, [this] { end_stream(); });
}

bool ChangeFeed::is_wanted(const Relation& relation) const {
  return std::any_of(interest_.begin(), interest_.end(), [&relation](const auto& entry) {
    return entry.first.fits(relation.schema, relation.name);
  });
}

void ChangeFeed::begin_stream() {
  pg::ReplicationOptions options;
  options.conninfo = options_.conninfo;
  options.publications.emplace_back(kChangesPublication);
  replication_ = std::make_unique<pg::Replication>(loop_, std::move(options), *this);
}

void ChangeFeed::end_stream() {
  if (!interest_.empty()) return;
  scope_.cancel_all();
  loads_ = 0;
  full_ = false;
  replication_.reset();
  known_.clear();
  batch_.reset();
  log::Line(LogLevel::info, "changes_idle");
}

void ChangeFeed::answer_waiting() {
  if (!replication_ || !replication_->streaming() || loads_ > 0) return;
  std::vector<Waiting> waiting;
  waiting.swap(waiting_);
  for (Waiting& one : waiting) one.reply_to->post(std::move(one.live));
}

// ---- Tables -------------------------------------------------------------------------------------

void ChangeFeed::look_at(Known& known) {
  known.wanted = is_wanted(known.relation);
  if (!known.wanted || known.table || known.loading) return;
  known.loading = true;
  ++loads_;
  if (replication_) replication_->pause();
  scope_.spawn(load(known.relation.id));
}

// Nothing is read while it runs, so no change of the table is met before it is known.
Task<void> ChangeFeed::load(uint32_t relation_id) {
  for (;;) {
    const Relation relation = known_.at(relation_id).relation;
    bool failed = false;
    TableRef table;
    try {
      const TableRef loaded = co_await load_table(options_.pool, relation);
      table = loaded;
    } catch (const Raised& raised) {
      failed = raised.error().errc != Errc::not_found;
      log::Line(LogLevel::warn, "changes_table_failed").field("cause", raised.error().cause.value);
    }
    if (failed) {
      co_await sleep_for(loop_, kLoadRetryMs);
      continue;
    }
    Known& known = known_.at(relation_id);
    known.loading = false;
    known.table = table;
    if (!table) {
      log::Line(LogLevel::warn, "changes_table_unusable").field("table", relation.name);
    } else if (table->rls == Rls::on && table->deleted_sql.empty()) {
      log::Line(LogLevel::info, "changes_deletes_cannot_be_proved").field("table", relation.name);
    }
    break;
  }
  if (--loads_ > 0) co_return;
  if (replication_ && !full_) replication_->resume();
  answer_waiting();
}

bool ChangeFeed::wants(uint32_t relation_id) {
  const auto found = known_.find(relation_id);
  if (found != known_.end() && found->second.wanted && found->second.table) return true;
  ++stats_.skipped_rows;
  return false;
}

void ChangeFeed::on_relation(const Relation& relation) {
  Known& known = known_[relation.id];
  known.relation = relation;
  known.table = nullptr;
  look_at(known);
}

// ---- The stream ---------------------------------------------------------------------------------

void ChangeFeed::on_ready(pg::pgoutput::Lsn) {
  log::Line(LogLevel::info, "changes_live").field("gaps", stats_.gaps);
  answer_waiting();
}

void ChangeFeed::on_gap(pg::pgoutput::Lsn from, pg::pgoutput::Lsn to) {
  ++stats_.gaps;
  log::Line(LogLevel::warn, "changes_gap")
      .field("from", pg::pgoutput::lsn_text(from))
      .field("to", pg::pgoutput::lsn_text(to));
  scope_.cancel_all();
  loads_ = 0;
  known_.clear();
  batch_.reset();
  if (options_.on_gap) options_.on_gap();
}

void ChangeFeed::lose() {
  ++stats_.gaps;
  if (options_.on_gap) options_.on_gap();
}

void ChangeFeed::on_begin(const pg::pgoutput::Begin& begin) { begin_ = begin; }

ChangeBatch& ChangeFeed::batch() {
  if (!batch_) batch_ = std::make_unique<ChangeBatch>(budget_);
  return *batch_;
}

void ChangeFeed::on_insert(const Relation& relation, const pg::pgoutput::Insert& insert) {
  batch().add(ChangeType::insert, known_.at(relation.id).table, begin_, &insert.row, nullptr,
              OldRow::none, relation);
  added();
}

void ChangeFeed::on_update(const Relation& relation, const pg::pgoutput::Update& update) {
  const bool has_old = update.old_kind != OldRow::none;
  batch().add(ChangeType::update, known_.at(relation.id).table, begin_, &update.row,
              has_old ? &update.old_row : nullptr, update.old_kind, relation);
  added();
}

void ChangeFeed::on_delete(const Relation& relation, const pg::pgoutput::Delete& gone) {
  batch().add(ChangeType::remove, known_.at(relation.id).table, begin_, nullptr, &gone.old_row,
              gone.old_kind, relation);
  added();
}

void ChangeFeed::on_truncate(const Relation& relation) {
  if (!is_wanted(relation)) return;
  hand_over();
  if (options_.on_truncate) options_.on_truncate(relation.schema, relation.name);
}

void ChangeFeed::on_commit(const pg::pgoutput::Commit&) {}

void ChangeFeed::on_progress(pg::pgoutput::Lsn) {}

// The log holds committed transactions only, so the first part of one may go ahead of its end; and
// small ones that were read in one turn go together.
void ChangeFeed::added() {
  ++stats_.rows;
  if (batch_->changes().size() >= kBatchRowsMax || batch_->bytes() >= kBatchBytesMax) {
    hand_over();
  } else if (!hand_over_due_) {
    hand_over_due_ = true;
    loop_.defer([this] {
      hand_over_due_ = false;
      hand_over();
    });
  }
}

void ChangeFeed::hand_over() {
  if (!batch_ || stopped_) return;
  ++stats_.batches;
  batch_->count();
  BatchRef ready(batch_.release());
  if (options_.on_changes) options_.on_changes(std::move(ready));
  pause_when_full();
}

void ChangeFeed::pause_when_full() {
  if (budget_->bytes.load(std::memory_order_relaxed) < kInFlightBytesMax) return;
  replication_->pause();
  if (full_) return;
  full_ = true;
  ++stats_.pauses;
  resume_timer_.start(loop_, kResumeCheckMs, [this] { resume_when_free(); });
}

void ChangeFeed::resume_when_free() {
  if (!full_) return;
  if (budget_->bytes.load(std::memory_order_relaxed) > kInFlightBytesMax / 2) {
    resume_timer_.start(loop_, kResumeCheckMs, [this] { resume_when_free(); });
    return;
  }
  full_ = false;
  if (loads_ == 0 && replication_) replication_->resume();
}

}  // namespace chatpad::realtime

#include "realtime/changes/feed.h"

#include <charconv>

#include "realtime/changes/event_row.h"
#include "runtime/base/log.h"

namespace chatpad::realtime {
namespace {

uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Feed::Feed(Loop& loop, FeedOptions options) : loop_(loop), options_(std::move(options)) {}
Feed::~Feed() { stop(); }

void Feed::start() {
  pg::ReplicationOptions options;
  options.conninfo = options_.conninfo;
  options.publications.push_back(options_.publication);
  replication_ = std::make_unique<pg::Replication>(loop_, std::move(options), *this);
}

void Feed::stop() {
  if (replication_) replication_->close();
}

FeedStats Feed::stats() const {
  FeedStats stats = stats_;
  stats.live = state_ == FeedState::live;
  if (replication_) {
    stats.reconnects = replication_->reconnects();
    stats.lag_bytes = replication_->lag_bytes();
    stats.backend_pid = replication_->backend_pid();
  }
  return stats;
}

void Feed::on_ready(pg::pgoutput::Lsn) {
  log::Line(LogLevel::info, "feed_live").field("gaps", stats_.gaps);
  set_state(FeedState::live);
}

// Joins that come while the stream is broken wait. Those acknowledged before its loss was noticed
// are told of the gap like everybody else.
void Feed::on_lost() { set_state(FeedState::away); }

void Feed::on_gap(pg::pgoutput::Lsn from, pg::pgoutput::Lsn to) {
  ++stats_.gaps;
  log::Line(LogLevel::warn, "feed_gap")
      .field("from", pg::pgoutput::lsn_text(from))
      .field("to", pg::pgoutput::lsn_text(to));
  set_state(FeedState::away);
  if (options_.on_gap) options_.on_gap();
}

void Feed::on_begin(const pg::pgoutput::Begin&) {
  // What a broken connection left half read comes again or is part of the gap.
  batch_.clear();
  batch_bytes_ = 0;
}

void Feed::on_insert(const pg::pgoutput::Relation& relation, const pg::pgoutput::Insert& insert) {
  std::optional<edge::DurableEvent> event = event_of_row(relation, insert.row);
  if (!event) {
    ++stats_.skipped_rows;
    return;
  }
  if (!event->horizon.empty()) {
    const uint64_t xid = number_of(event->xid);
    const uint64_t horizon = number_of(event->horizon);
    horizon_lag_.store(xid > horizon ? xid - horizon : 0, std::memory_order_relaxed);
    event->horizon = replication_->cluster() + "." + event->horizon;
  }
  batch_bytes_ += sizeof(edge::DurableEvent) + event->payload_json.size() +
                  event->binary_payload.size() + event->topic.size();
  batch_.push_back(std::move(*event));
  // The log holds committed transactions only, so the first part of one may go ahead of its end.
  if (batch_.size() >= kBatchEventsMax || batch_bytes_ >= kBatchBytesMax) hand_over();
}

void Feed::on_commit(const pg::pgoutput::Commit&) { hand_over(); }

void Feed::on_progress(pg::pgoutput::Lsn) {}

void Feed::hand_over() {
  if (batch_.empty()) return;
  stats_.events += batch_.size();
  ++stats_.batches;
  auto batch = std::make_shared<const std::vector<edge::DurableEvent>>(std::move(batch_));
  batch_.clear();
  batch_bytes_ = 0;
  if (options_.on_events) options_.on_events(std::move(batch));
}

void Feed::set_state(FeedState state) {
  if (state_ == state) return;
  state_ = state;
  if (options_.on_state) options_.on_state(state);
}

}  // namespace chatpad::realtime

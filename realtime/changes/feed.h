// Feed: the durable events of the program, read from the write-ahead log. One per program, on loop
// 0.
//
// It streams the rows that are inserted into realtime.messages (publication chatpad_events) and
// hands the events of each transaction over at its commit, in commit order, as one shared immutable
// batch; a very large transaction comes in several batches of at most kBatchEventsMax events or
// about kBatchBytesMax bytes, so its size does not matter. Rolled back work never shows.
//
// on_state says whether a write that commits from now on will be seen (live) or not (away).
// on_gap says that events may have been committed unseen while the connection was lost.
// The callbacks run on the loop of the feed and must not destroy it; whoever gets them carries them
// to the other loops.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "realtime/hub/hub.h"
#include "runtime/edge/publisher.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/replication.h"

namespace chatpad::realtime {

using EventBatch = std::shared_ptr<const std::vector<edge::DurableEvent>>;

struct FeedOptions {
  std::string conninfo;  // of the replication role, naming the database
  std::string publication = "chatpad_events";
  std::function<void(EventBatch)> on_events;
  std::function<void(FeedState)> on_state;
  std::function<void()> on_gap;
};

struct FeedStats {
  bool live = false;
  uint64_t events = 0, batches = 0, gaps = 0, skipped_rows = 0;
  uint64_t reconnects = 0;
  uint64_t lag_bytes = 0;  // of the log that was written and not read
  int backend_pid = 0;     // of the walsender; 0 when not connected
};

class Feed : public pg::ReplicationHandler {
 public:
  static constexpr size_t kBatchEventsMax = 4096;
  static constexpr size_t kBatchBytesMax = 4 * 1024 * 1024;

  Feed(Loop& loop, FeedOptions options);
  ~Feed() override;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  void start();
  // Ends the stream; no callback afterwards. Needed before Loop::stop().
  void stop();
  FeedStats stats() const;
  // Null before start().
  pg::Replication* stream() const { return replication_.get(); }
  // The first part of every event's horizon; the newest stream's.
  std::string cluster() const { return replication_ ? replication_->cluster() : std::string(); }
  std::string database() const { return replication_ ? replication_->database() : std::string(); }
  // How many transactions had begun, when the newest event was written, since the oldest that was
  // still open: what a client that comes back reads again. From any thread.
  uint64_t horizon_lag() const { return horizon_lag_.load(std::memory_order_relaxed); }

 private:
  void on_ready(pg::pgoutput::Lsn lsn) override;
  void on_gap(pg::pgoutput::Lsn from, pg::pgoutput::Lsn to) override;
  void on_lost() override;
  void on_begin(const pg::pgoutput::Begin& begin) override;
  void on_insert(const pg::pgoutput::Relation& relation,
                 const pg::pgoutput::Insert& insert) override;
  void on_commit(const pg::pgoutput::Commit& commit) override;
  void on_progress(pg::pgoutput::Lsn lsn) override;

  void hand_over();
  void set_state(FeedState state);

  Loop& loop_;
  FeedOptions options_;
  std::unique_ptr<pg::Replication> replication_;
  std::vector<edge::DurableEvent> batch_;
  size_t batch_bytes_ = 0;
  FeedState state_ = FeedState::away;
  std::atomic<uint64_t> horizon_lag_{0};
  FeedStats stats_;
};

}  // namespace chatpad::realtime

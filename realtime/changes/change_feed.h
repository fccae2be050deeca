// ChangeFeed: the row changes of the publication supabase_realtime, read from the write-ahead log
// for whoever wants them. One per program, on loop 0, beside the Feed of durable events.
//
// It streams only while somebody wants a table: without interest there is no slot and no cost.
// Changes of unwanted tables are skipped before they are decoded. What is wanted goes out in
// batches, at the end of the loop's turn, or when kBatchRowsMax rows or kBatchBytesMax bytes are
// together. While kInFlightBytesMax bytes of batches wait on the loops nothing more is read: the
// log waits in PostgreSQL, so that the size of a transaction does not matter.
//
// want() and forget() may be called from any thread; the answer to want() comes on `reply_to` once
// every change that commits afterwards will be delivered. It does not come while the stream cannot
// be had. on_gap: changes may have been committed unseen. The callbacks run on the feed's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "realtime/changes/change_batch.h"
#include "runtime/coro/scope.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/replication.h"

namespace chatpad::realtime {

// Schema and table; "*" for any.
struct TablePattern {
  std::string schema, table;
  auto operator<=>(const TablePattern&) const = default;
  bool fits(std::string_view of_schema, std::string_view of_table) const {
    return (schema == "*" || schema == of_schema) && (table == "*" || table == of_table);
  }
};

struct ChangeFeedOptions {
  std::string conninfo;      // of the replication role, naming the database
  pg::Pool* pool = nullptr;  // logs in as authenticator, on the feed's loop
  std::function<void(BatchRef)> on_changes;
  std::function<void(std::string schema, std::string table)> on_truncate;
  std::function<void()> on_gap;
};

struct ChangeFeedStats {
  bool live = false;
  uint64_t rows = 0, skipped_rows = 0, batches = 0, gaps = 0, pauses = 0;
  uint64_t lag_bytes = 0;  // of the log that was written and not read
  size_t in_flight_bytes = 0;
};

class ChangeFeed : public pg::ReplicationHandler {
 public:
  static constexpr size_t kBatchRowsMax = 1000;
  static constexpr size_t kBatchBytesMax = 1024 * 1024;
  static constexpr size_t kInFlightBytesMax = 32 * 1024 * 1024;
  static constexpr uint64_t kResumeCheckMs = 5;
  static constexpr uint64_t kLoadRetryMs = 200;  // a table whose catalogue could not be read
  static constexpr uint64_t kIdleMs = 60'000;    // the stream ends when nobody wanted anything

  ChangeFeed(Loop& loop, ChangeFeedOptions options);
  ~ChangeFeed() override;
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;

  // False when the feed's loop is hopelessly behind: `live` will not be called.
  bool want(std::vector<TablePattern> patterns, Loop& reply_to, std::function<void()> live);
  void forget(std::vector<TablePattern> patterns);
  // A loop could not be given its changes: they count as lost.
  void lose();
  // Ends the stream; no callback afterwards. Needed before Loop::stop().
  void stop();
  ChangeFeedStats stats() const;
  // Null while nobody wants anything.
  pg::Replication* stream() const { return replication_.get(); }

 private:
  struct Known {
    pg::pgoutput::Relation relation;
    TableRef table;  // null until loaded
    bool wanted = false;
    bool loading = false;
  };
  struct Waiting {
    std::vector<TablePattern> patterns;
    Loop* reply_to;
    std::function<void()> live;
  };

  void on_ready(pg::pgoutput::Lsn lsn) override;
  void on_gap(pg::pgoutput::Lsn from, pg::pgoutput::Lsn to) override;
  void on_begin(const pg::pgoutput::Begin& begin) override;
  bool wants(uint32_t relation_id) override;
  void on_relation(const pg::pgoutput::Relation& relation) override;
  void on_insert(const pg::pgoutput::Relation& relation,
                 const pg::pgoutput::Insert& insert) override;
  void on_update(const pg::pgoutput::Relation& relation,
                 const pg::pgoutput::Update& update) override;
  void on_delete(const pg::pgoutput::Relation& relation, const pg::pgoutput::Delete& gone) override;
  void on_truncate(const pg::pgoutput::Relation& relation) override;
  void on_commit(const pg::pgoutput::Commit& commit) override;
  void on_progress(pg::pgoutput::Lsn lsn) override;

  void add_interest(Waiting waiting);
  void drop_interest(const std::vector<TablePattern>& patterns);
  void begin_stream();
  void end_stream();
  bool is_wanted(const pg::pgoutput::Relation& relation) const;
  void look_at(Known& known);
  Task<void> load(uint32_t relation_id);
  void answer_waiting();
  ChangeBatch& batch();
  void added();
  void hand_over();
  void pause_when_full();
  void resume_when_free();
  size_t loads_ = 0;

  Loop& loop_;
  ChangeFeedOptions options_;
  std::unique_ptr<pg::Replication> replication_;
  std::map<TablePattern, size_t> interest_;  // how many want it
  std::unordered_map<uint32_t, Known> known_;
  std::vector<Waiting> waiting_;
  std::shared_ptr<Budget> budget_ = std::make_shared<Budget>();
  std::unique_ptr<ChangeBatch> batch_;
  bool hand_over_due_ = false;
  bool full_ = false;
  bool stopped_ = false;
  pg::pgoutput::Begin begin_;  // of the transaction that is being read
  Timer resume_timer_, idle_timer_;
  ChangeFeedStats stats_;
  Scope scope_;  // last: its tasks use everything above
};

}  // namespace chatpad::realtime

// JobRunner: takes jobs out of PostgreSQL and does them. One per program, on its first loop;
// several programs share the queue (FOR UPDATE SKIP LOCKED), and a job whose program died is taken
// by another when its lease is over.
//
//   JobRunner runner(loop, service_pool);
//   runner.handle("knowledge.index", handler);     // a coroutine; see job.h
//   scope.spawn(runner.run());
//   co_await runner.drain();                       // hands back what runs
//
// Every kBeatMs a running job's lease is renewed, its progress is told, and it learns whether
// somebody cancelled it or took it over; then its coroutine is destroyed where it waits. A failure
// that may pass is tried again after 5 s, 10 s, 20 s ... up to ten minutes, until the job's
// attempts are used up. Accounts take turns: who has the fewest running is next, kJobsPerAccountMax
// at most. A handler that has been at it for long may let others have their turn (job_yields).
//
// Errors of handlers: JobFailure ends the job with its code; a Raised error is tried again when the
// error table says so (retry), else ends it with the code and sentence of that table.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/uuid.h"
#include "runtime/coro/scope.h"
#include "runtime/jobs/job.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/pool.h"

namespace chatpad::jobs {

constexpr int kJobsAtOnce = 4;         // in one program
constexpr int kJobsPerAccountMax = 2;  // in all programs together
constexpr uint64_t kJobLookMs = 500;
constexpr uint64_t kBeatMs = 1'000;
constexpr int kLeaseS = 15;

enum class Outcome : uint8_t { done, failed, again, cancelled, lost };
constexpr size_t kOutcomes = 5;
const std::vector<std::string>& outcome_names();  // in the order of Outcome

class JobRunner {
 public:
  using Handler = std::function<Task<void>(Job&)>;

  JobRunner(Loop& loop, pg::Pool& service_pool);
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  void handle(std::string kind, Handler handler) {
    handlers_[std::move(kind)] = std::move(handler);
  }
  // Called after each beat of a job that has something new to tell.
  void on_progress(std::function<void(const Job&)> told) { told_ = std::move(told); }

  // Until it is destroyed. The runner outlives the task.
  Task<void> run();
  // Ends what runs and gives it back to the queue; nothing is taken afterwards.
  Task<void> drain();

  // From any thread, since the start.
  uint64_t running() const { return running_count_; }
  uint64_t ended(Outcome outcome) const { return ended_[static_cast<size_t>(outcome)]; }

 private:
  struct Running;
  using RunningRef = std::shared_ptr<Running>;

  void beat_all();
  Task<void> beat_once(RunningRef running);
  Task<void> take();
  Task<void> take_next();
  void start(pg::Rows rows);
  Task<void> work(RunningRef running);
  Task<void> save_state(RunningRef running, std::string state);
  Task<void> beat(RunningRef running);
  Task<void> end(RunningRef running, std::string outcome, std::optional<std::string> code,
                 std::optional<std::string> error, int64_t again_s);
  Task<std::string> tell(RunningRef running, std::optional<std::string> state);
  void count(Outcome outcome);
  void forget(const RunningRef& running);

  Loop& loop_;
  pg::Pool& pool_;
  Uuid worker_;
  std::map<std::string, Handler, std::less<>> handlers_;
  std::string kinds_;  // as a PostgreSQL array
  std::function<void(const Job&)> told_;
  std::vector<RunningRef> running_;
  std::atomic<uint64_t> running_count_{0};
  std::array<std::atomic<uint64_t>, kOutcomes> ended_{};
  bool draining_ = false;
  bool is_taking_ = false;
  Scope scope_;  // last: what runs ends first
};

}  // namespace chatpad::jobs

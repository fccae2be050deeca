#include "runtime/jobs/job_runner.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace chatpad::jobs {
namespace {

constexpr int64_t kAgainFirstS = 5;
constexpr int64_t kAgainMostS = 600;

constexpr pg::Statement kClaim{"claim_jobs",
                               "select id, user_id, kind, subject_id, payload, state, attempts "
                               "from api.claim_jobs($1, $2, $3, $4, $5)"};
constexpr pg::Statement kBeat{"beat_job", "select api.beat_job($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr pg::Statement kEnd{"end_job", "select api.end_job($1, $2, $3, $4, $5, $6, $7)"};
constexpr pg::Statement kRelease{"release_jobs", "select api.release_jobs($1)"};

Outcome outcome_of(std::string_view name) {
  const auto found = std::ranges::find(outcome_names(), name);
  return static_cast<Outcome>(found - outcome_names().begin());
}

int64_t again_s(int64_t attempt) {
  return std::min(kAgainMostS, kAgainFirstS << std::clamp<int64_t>(attempt - 1, 0, 10));
}

}  // namespace

const std::vector<std::string>& outcome_names() {
  static const std::vector<std::string> names = {"done", "failed", "again", "cancelled", "lost"};
  return names;
}

// A job that runs here. `ending`: its outcome is on the way to the database, so that no beat
// follows.
struct JobRunner::Running {
  explicit Running(Job work) : job(std::move(work)) {}
  Job job;
  Scope::Id task = 0;
  bool ending = false;
  bool beating = false;
  int64_t told_done = -1;
  std::string told_note;
};

JobRunner::JobRunner(Loop& loop, pg::Pool& service_pool)
    : loop_(loop), pool_(service_pool), worker_(Uuid::random()) {}

JobRunner::~JobRunner() = default;

Task<void> JobRunner::run() {
  kinds_ = "{";
  for (const auto& [kind, handler] : handlers_) kinds_ += (kinds_.size() > 1 ? "," : "") + kind;
  kinds_ += "}";
  uint64_t beat_ms = 0;
  for (;;) {
    try {
      if (loop_.now_ms() - beat_ms >= kBeatMs) {
        beat_ms = loop_.now_ms();
        beat_all();
      }
      co_await take();
    } catch (const Raised& raised) {
      log::Line(LogLevel::warn, "jobs_wait")
          .field("code", error_info(raised.error().errc).code)
          .field("cause", raised.error().cause.value);
    }
    co_await sleep_for(loop_, kJobLookMs);
  }
}

Task<void> JobRunner::drain() {
  draining_ = true;
  scope_.cancel_all();
  running_.clear();
  running_count_ = 0;
  try {
    co_await pool_.once(pg::service_claims(), kRelease, pg::Params(worker_));
  } catch (const Raised& raised) {  // then their leases run out
    log::Line(LogLevel::warn, "jobs_not_released")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
  }
}

// One at a time: two would count the free places twice.
Task<void> JobRunner::take() {
  const int free = kJobsAtOnce - static_cast<int>(running_.size());
  if (free <= 0 || draining_ || is_taking_ || handlers_.empty()) co_return;
  struct Taking {
    explicit Taking(bool& flag) : flag_(flag) { flag_ = true; }
    ~Taking() { flag_ = false; }
    bool& flag_;
  };
  const Taking taking(is_taking_);
  pg::Params params(worker_, kinds_, free, kLeaseS, kJobsPerAccountMax);
  pg::Rows rows = co_await pool_.once(pg::service_claims(), kClaim, std::move(params));
  if (!draining_) start(std::move(rows));
}

// A place is free: nobody waits for the next look.
Task<void> JobRunner::take_next() {
  try {
    co_await take();
  } catch (const Raised&) {  // the next look says it
  }
}

void JobRunner::start(pg::Rows rows) {
  for (int row = 0; row < rows.size(); ++row) {
    JobFacts facts;
    facts.id = rows.uuid(row, 0).value_or(Uuid());
    facts.account = rows.uuid(row, 1).value_or(Uuid());
    facts.kind = rows.str(row, 2);
    facts.subject = rows.uuid(row, 3).value_or(Uuid());
    facts.payload = rows.str(row, 4);
    facts.state = rows.str(row, 5);
    facts.attempt = rows.integer(row, 6);
    facts.worker = worker_;
    auto slot = std::make_shared<std::weak_ptr<Running>>();
    Job::Save save = [this, slot](std::string state) {
      return save_state(slot->lock(), std::move(state));
    };
    auto running = std::make_shared<Running>(Job(std::move(facts), std::move(save)));
    *slot = running;
    running_.push_back(running);
    running_count_ = running_.size();
    running->task = scope_.spawn(work(running));
  }
}

Task<void> JobRunner::save_state(RunningRef running, std::string state) {
  const std::string verdict = co_await tell(running, std::move(state));
  // The next beat ends this coroutine; nothing more may be changed in the meantime.
  if (verdict != "go") co_await sleep_for(loop_, 10 * kBeatMs);
}

Task<void> JobRunner::work(RunningRef running) {
  std::string outcome = "done";
  std::optional<std::string> code;
  std::optional<std::string> error;
  try {
    const auto handler = handlers_.find(running->job.facts().kind);
    CHECK(handler != handlers_.end(), "only kinds with a handler are taken");
    co_await handler->second(running->job);
  } catch (const JobYield&) {
    outcome = "yield";
  } catch (const JobFailure& failure) {
    outcome = failure.retry() == Retry::later ? "again" : "failed";
    code = failure.code();
    error = failure.message().value;
  } catch (const Raised& raised) {
    const ErrorInfo& info = error_info(raised.error().errc);
    outcome = info.retry ? "again" : "failed";
    code = info.code;
    error = raised.error().message.value.empty() ? std::string(info.hint)
                                                 : raised.error().message.value;
    log::Line(LogLevel::warn, "job_raised")
        .field("job", running->job.facts().id.str())
        .field("kind", running->job.facts().kind)
        .field("code", info.code)
        .field("cause", raised.error().cause.value);
  }
  running->ending = true;
  const int64_t pause = again_s(running->job.facts().attempt);
  co_await end(running, std::move(outcome), std::move(code), std::move(error), pause);
  forget(running);
}

// Tried again while the database is away; a lease that runs out meanwhile gives the job to another.
Task<void> JobRunner::end(RunningRef running, std::string outcome, std::optional<std::string> code,
                          std::optional<std::string> error, int64_t pause_s) {
  for (int attempt = 0; attempt < kLeaseS; ++attempt) {
    bool failed = false;
    try {
      const JobFacts& facts = running->job.facts();
      pg::Params params(facts.id, worker_, facts.attempt, outcome, code, error, pause_s);
      pg::Rows rows = co_await pool_.once(pg::service_claims(), kEnd, std::move(params));
      const std::string_view became = rows.text(0, 0);
      count(became == "queued" ? Outcome::again : outcome_of(became));
      if (told_) told_(running->job);
      co_return;
    } catch (const Raised&) {
      failed = true;
    }
    if (failed) co_await sleep_for(loop_, kBeatMs);
  }
  count(Outcome::lost);
}

// Beside each other: one whose row is locked costs the others no lease.
void JobRunner::beat_all() {
  const std::vector<RunningRef> all = running_;
  for (const RunningRef& running : all) {
    if (!running->ending && !running->beating) scope_.spawn(beat_once(running));
  }
}

Task<void> JobRunner::beat_once(RunningRef running) {
  running->beating = true;
  try {
    co_await beat(running);
  } catch (const Raised& raised) {  // the next one comes
    log::Line(LogLevel::warn, "jobs_wait")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
  }
  running->beating = false;
}

Task<void> JobRunner::beat(RunningRef running) {
  const std::string verdict = co_await tell(running, std::nullopt);
  if (verdict == "go" || running->ending) co_return;
  running->ending = true;
  scope_.cancel(running->task);
  if (verdict == "cancel") {
    co_await end(running, "cancelled", std::nullopt, std::nullopt, 0);
  } else {
    count(Outcome::lost);
  }
  forget(running);
}

Task<std::string> JobRunner::tell(RunningRef running, std::optional<std::string> state) {
  const Job& job = running->job;
  const int64_t done = job.done();
  const std::string note = job.note();
  pg::Params params(job.facts().id, worker_, job.facts().attempt, kLeaseS, done, job.total(), note,
                    state);
  pg::Rows rows = co_await pool_.once(pg::service_claims(), kBeat, std::move(params));
  const bool news = running->told_done != done || running->told_note != note;
  running->told_done = done;
  running->told_note = note;
  if (news && told_) told_(running->job);
  co_return rows.str(0, 0);
}

void JobRunner::count(Outcome outcome) { ++ended_[static_cast<size_t>(outcome)]; }

void JobRunner::forget(const RunningRef& running) {
  std::erase(running_, running);
  running_count_ = running_.size();
  if (!draining_) scope_.spawn(take_next());
}

}  // namespace chatpad::jobs

// JobHouse: the job runner of the program with everything that has jobs, on the first loop.
#pragma once

#include <functional>

#include "functions/shared/ingest/ingest.h"
#include "runtime/edge/context.h"
#include "runtime/edge/metrics.h"
#include "runtime/jobs/job_runner.h"

namespace chatpad {

class JobHouse {
 public:
  JobHouse(edge::Context& context, edge::Metrics& metrics);

  // Tasks for the program's housekeeping; this outlives them.
  Task<void> run() { return runner_.run(); }
  Task<void> drain(std::function<void()> done);
  // What is due: schedules, and how much waits.
  Task<void> look();
  // Once an hour.
  Task<void> forget();

 private:
  pg::Pool& pool_;
  ingest::Ingest ingest_;
  std::atomic<uint64_t> waiting_{0};
  std::atomic<uint64_t> oldest_s_{0};
  jobs::JobRunner runner_;  // last: its jobs use the others
};

}  // namespace chatpad

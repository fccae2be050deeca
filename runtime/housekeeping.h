// Housekeeping: what loop 0 of every program does about the tables while it runs. Every few seconds
// it closes abandoned answers, adds usage up, chains the audit log, makes its exports and starts
// jobs that are due; every hour it makes and drops partitions and forgets what is old. An idle
// program leaves the tables alone, but for once a minute. Several programs may do the same: each
// statement locks what it takes.
//
//   Housekeeping house(loop, service_pool, jobs, [] { return requests_so_far; });
//   co_await house.look();               // every kHousekeepingMs
//
// Every act is a function of SQL under the service role. What fails is logged and done at the next
// look. Owned by Program; on loop 0 only.
#pragma once

#include <cstdint>
#include <functional>

#include "runtime/coro/task.h"
#include "runtime/job_house.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/pool.h"

namespace chatpad {

class Housekeeping {
 public:
  // `asked` counts what the database was asked by requests, so that silence is noticed.
  Housekeeping(Loop& loop, pg::Pool& pool, JobHouse& jobs, std::function<double()> asked)
      : loop_(loop), pool_(pool), jobs_(jobs), asked_(std::move(asked)) {}

  Task<void> look();

 private:
  bool is_time_for_tables(uint64_t now_ms);
  Task<bool> ask(pg::Statement statement);
  Task<void> repeat(pg::Statement statement, int rounds_max);

  Loop& loop_;
  pg::Pool& pool_;
  JobHouse& jobs_;
  std::function<double()> asked_;
  double asked_before_ = 0;
  uint64_t awake_ms_ = 0;
  uint64_t tables_ms_ = 0;
  uint64_t hourly_ms_ = 0;
};

}  // namespace chatpad

// describe: a postgres_changes request against the catalogue, under the caller's own role: is the
// table published, do the columns exist and may the role read them, do the filter's values fit.
//
// Filter values come back in PostgreSQL's own form of the column's type, so that they compare with
// what the log says. Refusals are sentences for the client: Errc::validation_failed. Errors of the
// database are raised.
#pragma once

#include <string>
#include <vector>

#include "realtime/changes/watch.h"
#include "runtime/coro/task.h"
#include "runtime/pg/pool.h"

namespace chatpad::realtime {

struct Described {
  WatchSpec spec;
  std::string refusal;  // not empty: nothing can be subscribed, and why
};

Task<Described> describe_request(pg::Pool* pool, pg::Claims claims, ChangeRequest request);

}  // namespace chatpad::realtime

// Persona: a role with claims, and what waits for its next round on one loop. Owned by Changes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "realtime/changes/render.h"
#include "realtime/changes/watch.h"
#include "runtime/pg/types.h"

namespace chatpad::realtime {

// A batch as this loop sees it, with what was rendered of it.
struct LocalBatch {
  struct Rendered {
    std::vector<bool> columns;
    OldShown old;
    Problem problem;
    std::string data;
  };
  LocalBatch(uint64_t number_in, uint64_t arrived_ms_in, BatchRef batch_in)
      : number(number_in), arrived_ms(arrived_ms_in), batch(std::move(batch_in)) {}

  uint64_t number = 0;
  uint64_t arrived_ms = 0;
  BatchRef batch;
  std::unordered_map<uint32_t, std::deque<Rendered>> rendered;  // by change
};
using LocalBatchRef = std::shared_ptr<LocalBatch>;

struct Persona : std::enable_shared_from_this<Persona> {
  std::string key;  // role and claims; empty when it takes no further channels
  pg::Claims claims;
  std::map<std::string, WatchRef> watches;  // by their request's text
  size_t subscribers = 0;
  std::deque<LocalBatchRef> pending;
  Cursor at;  // the first change of `pending` that was not handed over
  bool queued = false;
  bool running = false;
  uint64_t round_began_ms = 0;
  uint64_t retries = 0;
  bool alone = false;                 // its next round is asked for it alone
  uint64_t checks = 0, check_us = 0;  // rounds that asked PostgreSQL, and what they waited for it
};

}  // namespace chatpad::realtime

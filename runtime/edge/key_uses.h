// KeyUses: which API keys one loop has seen, told to the database every kKeyUsesMs while there is
// something to tell, so that no request writes. What was seen since the last telling is lost when
// the program dies.
//
// One per loop; not thread-safe. At most kKeyUsesMax keys wait; a further one is noted the next
// time.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "runtime/coro/scope.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/pool.h"

namespace chatpad::edge {

constexpr uint64_t kKeyUsesMs = 2000;
constexpr size_t kKeyUsesMax = 4096;

class KeyUses {
 public:
  KeyUses(Loop& loop, pg::Pool& service_pool) : loop_(loop), pool_(service_pool) {}
  void note(const std::string& key_id);
  void tell();
  // Before the pool closes.
  void stop();

 private:
  Task<void> write(pg::Params params);

  Loop& loop_;
  pg::Pool& pool_;
  std::unordered_map<std::string, int64_t> at_s_;  // by key id
  Timer timer_;
  Scope scope_;
};

}  // namespace chatpad::edge

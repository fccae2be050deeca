// Rights: what a caller may do on a private topic, as the row level security policies on
// realtime.messages say; and whose the topic is.
//
// RightsProbe is asked once per join and once per new token; the hub keeps the answer with the
// channel. PgRights asks PostgreSQL in one flight that is rolled back: probe rows placed as the
// login role, which also sets realtime.topic; then under the caller's role and claims what is
// visible, and whether an insert would be allowed. service_role bypasses row level security, so it
// is not asked. Errors (raised): whatever the pool raises, Errc::overloaded when it is full; a
// policy that raises fails only the join that asked.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/uuid.h"
#include "runtime/coro/task.h"
#include "runtime/edge/caller.h"
#include "runtime/pg/pool.h"

namespace chatpad::realtime {

struct Rights {
  bool read_broadcast = false;
  bool read_presence = false;
  bool write_broadcast = false;
  bool write_presence = false;
  // Whose topic it is, and that account's limits as JSON (account_limits.h).
  std::optional<Uuid> account;
  std::string account_limits;
  // The account lets its person in with a second factor only: why there are no rights.
  bool second_factor_wanted = false;
  // pg_current_snapshot() of the answer; empty when nobody asked the database.
  std::string snapshot;

  bool may_join() const { return read_broadcast || read_presence; }
  static Rights all() {
    Rights rights;
    rights.read_broadcast = rights.read_presence = true;
    rights.write_broadcast = rights.write_presence = true;
    return rights;
  }
};

// The transactions that events about rights came from. The log tells of a commit a moment before
// other sessions see it: an answer counts only when its snapshot shows them all.
class RightsNews {
 public:
  void note(std::string_view xid);  // decimal
  bool shown_by(const std::string& snapshot) const;
  // After a gap everybody is asked about anew, perhaps of another cluster with ids of its own.
  void clear() { xids_.clear(); }

 private:
  std::deque<uint64_t> xids_;  // the newest kRightsNewsMax
};

constexpr size_t kRightsNewsMax = 64;
constexpr uint64_t kRightsUnseenMs = 5;         // until they are asked for again
constexpr uint64_t kRightsUnseenMaxMs = 3'000;  // then rights are not to be had

class RightsProbe {
 public:
  virtual ~RightsProbe() = default;
  // `topic` without the "realtime:" prefix.
  virtual Task<Rights> probe(pg::Claims claims, std::string topic) = 0;
};

class PgRights : public RightsProbe {
 public:
  // `pool` logs in as authenticator.
  explicit PgRights(pg::Pool& pool) : pool_(pool) {}
  Task<Rights> probe(pg::Claims claims, std::string topic) override;

 private:
  pg::Pool& pool_;
};

}  // namespace chatpad::realtime

// Rights: what a caller may do on a private topic, as the row level security policies on
// realtime.messages say; and whose the topic is.
//
// RightsProbe is asked once per join and once per new token; the hub keeps the answer with the
// channel. PgRights asks PostgreSQL in one transaction that is rolled back: probe rows placed as
// the login role, then the caller's role, claims and realtime.topic, then what is visible, then
// whether an insert would be allowed. service_role bypasses row level security, so it is not asked.
// Errors (raised): whatever the pool raises, Errc::overloaded when it is full; a policy that raises
// fails only the join that asked.
#pragma once

#include <optional>
#include <string>

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

  bool may_join() const { return read_broadcast || read_presence; }
  static Rights all() {
    Rights rights;
    rights.read_broadcast = rights.read_presence = true;
    rights.write_broadcast = rights.write_presence = true;
    return rights;
  }
};

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

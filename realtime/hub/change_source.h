// ChangeSource: where the hub gets row changes (postgres_changes) from. One per loop; implemented
// in realtime/changes, which the hub does not know. Tests may play one.
//
// subscribe() is answered once through Hub::on_changes(), on the same loop, after the call has
// returned; `live` means that every change committed from then on will come. A second subscribe()
// of a channel replaces its claims: until the answer the old ones hold. Changes come through
// Hub::push_change(), never before the answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "realtime/protocol/frame.h"
#include "realtime/protocol/join.h"
#include "runtime/pg/types.h"

namespace chatpad::realtime {

struct ChangeSubscription {
  uint64_t channel_id = 0;
  uint64_t ticket = 0;  // comes back with the answer; only the newest one counts
  Vsn vsn = Vsn::v1;
  std::string topic_text;  // with its prefix
  pg::Claims claims;
  std::vector<ChangeRequest> requests;
};

enum class ChangesOutcome : uint8_t {
  live,
  refused,  // the request makes no sense; `text` says why, for the client
  failed,   // the database could not be asked
};

class ChangeSource {
 public:
  virtual ~ChangeSource() = default;
  virtual void subscribe(ChangeSubscription subscription) = 0;
  // Nothing comes for this channel from here on, no answer either.
  virtual void unsubscribe(uint64_t channel_id) = 0;
};

}  // namespace chatpad::realtime

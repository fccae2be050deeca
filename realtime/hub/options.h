// What a hub is made with: its limits, whom it asks, and how its feed stands.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "realtime/hub/account_limits.h"
#include "realtime/hub/limits.h"
#include "realtime/hub/presence.h"
#include "realtime/hub/recovery.h"
#include "realtime/hub/rights.h"
#include "runtime/edge/caller.h"

namespace chatpad::realtime {

// Decides about a broadcast of a client: the payload to deliver instead (the same text to let it
// pass), or an error that refuses it. `topic` without its prefix. Raw bytes are announced as the
// payload "null" and pass when "null" comes back.
using ClientBroadcastRule =
    std::function<Result<std::string>(const edge::Caller& caller, std::string_view topic,
                                      std::string_view event, std::string_view payload_json)>;

enum class FeedState : uint8_t { not_required, away, live };

struct HubOptions {
  HubLimits limits;
  PresenceLimits presence;
  const edge::TokenVerifier* verifier = nullptr;  // outlives the hub
  RightsProbe* rights = nullptr;                  // outlives the hub
  RecoveryReader* recovery = nullptr;             // outlives the hub; null: no history
  AccountLimits* accounts = nullptr;              // outlives the hub; null: accounts have no limits
  ClientBroadcastRule rule;                       // empty: everything passes
  FeedState feed = FeedState::away;
  // Our own pages: a visitor's token works there and on the site it was made for, nowhere else.
  std::string public_url;
};

}  // namespace chatpad::realtime

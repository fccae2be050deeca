// HubOptions and HubStats: what a hub is given, and what it counts (hub.h).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "realtime/hub/limits.h"
#include "realtime/hub/presence.h"
#include "realtime/hub/rights.h"
#include "runtime/base/error.h"
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
  ClientBroadcastRule rule;                       // empty: everything passes
  FeedState feed = FeedState::away;
  // Our own pages: a visitor's token works there and on the site it was made for, nowhere else.
  std::string public_url;
};

struct HubStats {
  size_t sessions = 0, channels = 0, topics = 0;
  uint64_t joins_ok = 0, joins_refused = 0;
  uint64_t messages_in = 0, malformed = 0;
  uint64_t broadcasts = 0;  // published on this loop, from anywhere
  uint64_t deliveries = 0;  // frames put into outboxes by them
  uint64_t writes = 0;      // calls of Transport::send
  uint64_t dropped_rate = 0, dropped_denied = 0, dropped_unencodable = 0;
  uint64_t slow_readers = 0;
  size_t presences = 0;           // tracked by channels of this hub
  uint64_t presence_refused = 0;  // tracks that a limit or a right refused
  uint64_t changes_out = 0;       // row changes put into outboxes
  uint64_t bytes_out = 0;
};

}  // namespace chatpad::realtime

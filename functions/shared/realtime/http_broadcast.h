// Broadcasts that come over HTTP instead of a websocket: the checks both endpoints share.
//
// The same rule as on sockets decides what may be said where (shared/conversation/realtime_rule.h),
// and the policies on realtime.messages decide about private topics. The service key is not asked.
// Raised: no_authorization without a credential, validation_failed for a name that is too long,
// payload_too_large, forbidden by the rule. Limits below.
#pragma once

#include <string>
#include <vector>

#include "runtime/edge/call.h"
#include "runtime/edge/publisher.h"

namespace chatpad::functions {

constexpr size_t kBroadcastTopicBytesMax = 246;  // a socket's topic, without its prefix
constexpr size_t kBroadcastEventBytesMax = 255;
constexpr size_t kBroadcastPayloadBytesMax = 256 * 1024;  // as on a socket
constexpr size_t kBroadcastMessagesMax = 50;              // of one request

// Anybody with a key may call, nobody without one.
void require_key(const edge::Call& call);

// The broadcast as it may go out, or why not.
Result<edge::Broadcast> checked_broadcast(const edge::Caller& caller, edge::Broadcast wanted);

// Which of these private topics the caller may write to, in one flight.
Task<std::vector<std::string>> writable_topics(edge::Call call, std::vector<std::string> topics);

}  // namespace chatpad::functions

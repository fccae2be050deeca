// The limits of one realtime frame and of what it carries. Limits of sessions and topics stand in
// realtime/hub/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chatpad::realtime {

constexpr size_t kFrameBytesMax = 1024 * 1024;  // one inbound message, reassembled -> close 1009
constexpr size_t kTopicBytesMax = 255;  // with its "realtime:" prefix; one byte counts it in kind 4
constexpr size_t kEventBytesMax = 255;  // of a broadcast; one byte counts it in kind 4
constexpr size_t kMetadataBytesMax = 255;   // of a binary frame; one byte counts it
constexpr size_t kRefBytesMax = 64;         // ref and join_ref
constexpr size_t kChangesPerJoinMax = 100;  // postgres_changes entries of one join
constexpr size_t kChangeColumnsMax = 100;  // names in `select` of one of them; the rest is not read
constexpr uint64_t kChangesWaitMs = 15'000;     // default of postgres_changes_options.timeout
constexpr uint64_t kChangesWaitMsMax = 20'000;  // and what it is cut to
constexpr size_t kPresenceKeyBytesMax = 255;
constexpr size_t kHorizonBytesMax = 96;  // of a cursor: cluster, timeline and transaction

}  // namespace chatpad::realtime

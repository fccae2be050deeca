// The limits of what programs on one database tell each other over Redis.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chatpad::realtime {

constexpr size_t kPacketBytesMax = 256 * 1024;            // a fuller packet is closed
constexpr size_t kPacketItemBytesMax = 16 * 1024 * 1024;  // one message or state; larger: dropped
constexpr size_t kReplyBytesMax = 17 * 1024 * 1024;       // one reply of Redis; then reconnect
constexpr size_t kRemoteItemsMax = 64 * 1024;             // waiting to be sent; more are dropped
constexpr size_t kRemoteBytesMax = 16 * 1024 * 1024;      // their bytes; more are dropped
constexpr size_t kUnansweredBytesMax = 8 * 1024 * 1024;   // given to Redis, not answered; then wait
constexpr size_t kRemoteNodesMax = 256;                   // other programs whose packets are taken
constexpr int64_t kPacketAgeMs = 300'000;    // an older or later packet is refused: clocks differ
constexpr uint64_t kRedisConnectMs = 3'000;  // until both connections stand
constexpr uint64_t kRedisBeatMs = 2'000;     // a program sends a packet at least this often
constexpr uint64_t kRedisSilenceMs = 6'000;  // without hearing the own packets; then reconnect
constexpr uint64_t kRedisPauseMinMs = 250;   // before connecting again; doubles, with jitter
constexpr uint64_t kRedisPauseMaxMs = 10'000;
constexpr uint64_t kRatesShareMs = 50;     // admissions of this time are told together
constexpr size_t kRatesShareMax = 65'536;  // admissions in one item
constexpr uint64_t kStatesMs = 200;        // questions for all presences within it get one answer
constexpr uint64_t kFarewellMs = 150;      // at the end, for the news that sockets left

}  // namespace chatpad::realtime

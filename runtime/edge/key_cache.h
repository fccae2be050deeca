// KeyCache: what one loop remembers of API keys, for kKeyCacheMs each, so that a busy key costs one
// look-up a second. Not longer: a revoked key stops working within that time even when no event can
// come; usually the event `api_key.updated` empties its account's part at once, on every loop of
// every program.
//
// Owned by the Authenticator; not thread-safe. At most kKeyCacheEntriesMax keys: then all go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/edge/caller.h"
#include "runtime/edge/publisher.h"

namespace chatpad::edge {

constexpr uint64_t kKeyCacheMs = 1000;
constexpr size_t kKeyCacheEntriesMax = 4096;

class KeyCache {
 public:
  // Null when it is not known any more. `hash` is the key's SHA-256 in hex.
  const Caller* find(const std::string& hash, uint64_t now_ms);
  // Taken before a look-up: an answer that is older than an event about keys is not kept.
  uint64_t generation() const { return generation_; }
  void keep(std::string hash, Caller caller, uint64_t now_ms, uint64_t generation);
  // A durable event. Those about an account's keys, or about the account, make it forgotten.
  void hear(const DurableEvent& event);
  size_t size() const { return keys_.size(); }

 private:
  struct Entry {
    Caller caller;
    uint64_t until_ms;
  };
  std::unordered_map<std::string, Entry> keys_;
  uint64_t generation_ = 0;
};

}  // namespace chatpad::edge

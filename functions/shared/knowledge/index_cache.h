// Keeps the indexes of the agents that are being asked, up to a limit of memory.
//
// For: all loops of the program; a lock guards it. The key names the agent and the version of its
// knowledge: a changed knowledge is another key, and put() drops the agent's older versions. It
// builds nothing; on a miss the caller reads the passages, builds and puts (library.h).
// Owner: the program. The index outlives its eviction while somebody holds the pointer.
// Errors: none. Limits: kIndexCacheBytesMax by default; the least recently used goes first; the
// latest is kept however large it is, as every question would have to build it again.
// Source: requirement "50 MB cache with LRU eviction" of the knowledge search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {

constexpr std::size_t kIndexCacheBytesMax = 50U * 1024 * 1024;

class IndexCache {
 public:
  using Value = std::shared_ptr<const Index>;

  struct Counters {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;  // for want of memory
  };

  explicit IndexCache(std::size_t bytes_max = kIndexCacheBytesMax) : bytes_max_(bytes_max) {}

  /// The index of exactly this version, or nullptr.
  Value get(std::string_view agent_id, std::uint64_t version);

  /// Keeps `index` as the agent's only version. Returns it.
  Value put(std::string_view agent_id, std::uint64_t version, Value index);

  /// The agents and their versions, the latest asked first.
  std::vector<std::pair<std::string, std::uint64_t>> agents(std::size_t count) const;

  std::size_t size() const;
  std::size_t bytes() const;
  std::size_t bytes_max() const { return bytes_max_; }
  Counters counters() const;

 private:
  struct Entry {
    std::string agent_id;
    std::uint64_t version;
    Value index;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;

  void drop(Entries::iterator entry);
  void forget(std::string_view agent_id);

  mutable std::mutex mutex_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  Entries entries_;  // the most recently used first
  std::unordered_map<std::string_view, Entries::iterator> by_agent_;  // views of entries_
  Counters counters_;
};

}  // namespace chatpad::knowledge

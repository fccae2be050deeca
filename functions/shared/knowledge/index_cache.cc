#include "functions/shared/knowledge/index_cache.h"

#include <iterator>
#include <utility>

namespace chatpad::knowledge {

IndexCache::Value IndexCache::get(std::string_view agent_id, std::uint64_t version) {
  const auto found = by_agent_.find(agent_id);
  if (found == by_agent_.end() || found->second->version != version) {
    ++counters_.misses;
    return nullptr;
  }
  ++counters_.hits;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->index;
}

IndexCache::Value IndexCache::put(std::string_view agent_id, std::uint64_t version, Value index) {
  erase(agent_id);
  if (!index) return index;
  const std::size_t size = index->bytes();
  if (size > bytes_max_) return index;
  while (bytes_ + size > bytes_max_) {
    drop(std::prev(entries_.end()));
    ++counters_.evictions;
  }
  entries_.push_front({std::string(agent_id), version, index, size});
  by_agent_.emplace(entries_.front().agent_id, entries_.begin());
  bytes_ += size;
  return index;
}

void IndexCache::erase(std::string_view agent_id) {
  const auto found = by_agent_.find(agent_id);
  if (found != by_agent_.end()) drop(found->second);
}

void IndexCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_agent_.erase(entry->agent_id);
  entries_.erase(entry);
}

}  // namespace chatpad::knowledge

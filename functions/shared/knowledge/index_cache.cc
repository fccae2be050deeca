#include "functions/shared/knowledge/index_cache.h"

#include <iterator>
#include <utility>

namespace chatpad::knowledge {

IndexCache::Value IndexCache::get(std::string_view agent_id, std::uint64_t version) {
  const std::lock_guard lock(mutex_);
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
  const std::size_t size = index ? index->bytes() : 0;
  const std::lock_guard lock(mutex_);
  forget(agent_id);
  if (!index) return index;
  while (!entries_.empty() && bytes_ + size > bytes_max_) {
    drop(std::prev(entries_.end()));
    ++counters_.evictions;
  }
  entries_.push_front({std::string(agent_id), version, index, size});
  by_agent_.emplace(entries_.front().agent_id, entries_.begin());
  bytes_ += size;
  return index;
}

std::vector<std::pair<std::string, std::uint64_t>> IndexCache::agents(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::uint64_t>> agents;
  for (const Entry& entry : entries_) {
    if (agents.size() == count) break;
    agents.emplace_back(entry.agent_id, entry.version);
  }
  return agents;
}

std::size_t IndexCache::size() const {
  const std::lock_guard lock(mutex_);
  return by_agent_.size();
}

std::size_t IndexCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

IndexCache::Counters IndexCache::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void IndexCache::forget(std::string_view agent_id) {
  const auto found = by_agent_.find(agent_id);
  if (found != by_agent_.end()) drop(found->second);
}

void IndexCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_agent_.erase(entry->agent_id);
  entries_.erase(entry);
}

}  // namespace chatpad::knowledge

#include "runtime/edge/key_cache.h"

namespace chatpad::edge {
namespace {

constexpr std::string_view kAccountTopic = "account:";

}  // namespace

const Caller* KeyCache::find(const std::string& hash, uint64_t now_ms) {
  const auto found = keys_.find(hash);
  if (found == keys_.end()) return nullptr;
  if (found->second.until_ms > now_ms) return &found->second.caller;
  keys_.erase(found);
  return nullptr;
}

void KeyCache::keep(std::string hash, Caller caller, uint64_t now_ms, uint64_t generation) {
  if (generation != generation_) return;
  if (keys_.size() >= kKeyCacheEntriesMax) keys_.clear();
  keys_.insert_or_assign(std::move(hash), Entry{std::move(caller), now_ms + kKeyCacheMs});
}

void KeyCache::hear(const DurableEvent& event) {
  if (event.event != "api_key.updated" && event.event != "account.updated") return;
  if (!event.is_private || !event.topic.starts_with(kAccountTopic)) return;
  const auto account = Uuid::parse(std::string_view(event.topic).substr(kAccountTopic.size()));
  if (!account) return;
  ++generation_;
  std::erase_if(
      keys_, [&account](const auto& entry) { return entry.second.caller.account_id == account; });
}

}  // namespace chatpad::edge

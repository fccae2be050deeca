// The presences of other nodes: copies, their numbers, questions, silence.
#include <algorithm>
#include <utility>

#include "realtime/hub/presence.h"

namespace chatpad::realtime {

// Null when there are too many nodes. One that holds nothing makes room for another.
PresenceStore::Node* PresenceStore::node_of(NodeId id, uint64_t now_ms) {
  const auto known = nodes_.find(id);
  if (known == nodes_.end() && nodes_.size() >= kPresenceNodesMax) {
    const auto empty = std::find_if(nodes_.begin(), nodes_.end(),
                                    [](const auto& one) { return one.second.held.empty(); });
    if (empty == nodes_.end()) return nullptr;
    nodes_.erase(empty);
  }
  Node& node = known == nodes_.end() ? nodes_[id] : known->second;
  node.heard_ms = now_ms;
  return &node;
}

void PresenceStore::receive(const PresenceNews& news, uint64_t now_ms) {
  if (news.from == node_ || (news.to != 0 && news.to != node_)) return;
  if (news.kind == PresenceNews::Kind::ask) return send_state(news.from);
  Node* node = node_of(news.from, now_ms);
  if (!node) return;
  switch (news.kind) {
    case PresenceNews::Kind::delta:
      if (news.number == node->number + 1) return take_delta(*node, news);
      if (news.number > node->number) ask(news.from, *node, now_ms);
      return;
    case PresenceNews::Kind::state:
      if (news.number >= node->number) take_state(*node, news);
      return;
    case PresenceNews::Kind::beat:
      if (news.number > node->number) ask(news.from, *node, now_ms);
      return;
    case PresenceNews::Kind::ask:
      return;
  }
}

void PresenceStore::take_delta(Node& node, const PresenceNews& news) {
  node.number = news.number;
  for (const SharedPresence& joined : news.joins) add_copy(node, joined);
  for (const SharedPresence& left : news.leaves) remove_copy(node, left->ref);
}

void PresenceStore::take_state(Node& node, const PresenceNews& news) {
  node.number = news.number;
  std::unordered_map<std::string_view, const SharedPresence*> now;
  for (const SharedPresence& presence : news.joins) now.emplace(presence->ref, &presence);
  std::vector<std::string> gone;
  for (const auto& [ref, presence] : node.held) {
    if (!now.contains(ref)) gone.push_back(ref);
  }
  for (const std::string& ref : gone) remove_copy(node, ref);
  for (const SharedPresence& presence : news.joins) add_copy(node, presence);
}

void PresenceStore::add_copy(Node& node, const SharedPresence& presence) {
  if (!node.held.emplace(presence->ref, presence).second) return;
  ++copies_;
  add(presence);
}

void PresenceStore::remove_copy(Node& node, const std::string& ref) {
  const auto found = node.held.find(ref);
  if (found == node.held.end()) return;
  const SharedPresence presence = std::move(found->second);
  node.held.erase(found);
  --copies_;
  Room* room = find(presence->privacy, presence->topic);
  if (room) remove(*room, presence->key, presence->ref);
}

void PresenceStore::ask(NodeId id, Node& node, uint64_t now_ms) {
  if (node.asked_ms != 0 && now_ms - node.asked_ms < kPresenceAskMs) return;
  node.asked_ms = std::max<uint64_t>(now_ms, 1);
  auto made = std::make_shared<PresenceNews>();
  made->kind = PresenceNews::Kind::ask;
  made->from = node_;
  made->to = id;
  port_.tell_nodes(std::move(made));
}

void PresenceStore::ask_all() {
  auto made = std::make_shared<PresenceNews>();
  made->kind = PresenceNews::Kind::ask;
  made->from = node_;
  port_.tell_nodes(std::move(made));
}

void PresenceStore::send_state(NodeId to) {
  auto made = std::make_shared<PresenceNews>();
  made->kind = PresenceNews::Kind::state;
  made->from = node_;
  made->to = to;
  made->number = number_;
  made->joins.reserve(own_.size());
  for (const auto& [ref, presence] : own_) made->joins.push_back(presence);
  port_.tell_nodes(std::move(made));
}

void PresenceStore::beat(uint64_t now_ms) {
  if (!own_.empty() || number_ != beaten_) {
    auto made = std::make_shared<PresenceNews>();
    made->from = node_;
    made->number = beaten_ = number_;
    port_.tell_nodes(std::move(made));
  }
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    const bool dead = now_ms - node->second.heard_ms >= kPresenceNodeMs;
    if (!dead || node->second.held.empty()) {
      ++node;
      continue;
    }
    std::vector<std::string> refs;
    for (const auto& [ref, presence] : node->second.held) refs.push_back(ref);
    for (const std::string& ref : refs) remove_copy(node->second, ref);
    node = nodes_.erase(node);
  }
}

}  // namespace chatpad::realtime

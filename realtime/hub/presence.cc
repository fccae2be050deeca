#include "realtime/hub/presence.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace chatpad::realtime {
namespace {

std::string room_key(Privacy privacy, std::string_view topic) {
  std::string key(1, privacy == Privacy::open ? 'o' : 'r');
  return key.append(topic);
}

std::string make_ref(NodeId node, uint64_t count) {
  char text[40];
  const int size = std::snprintf(text, sizeof text, "%012llx.%llx",
                                 static_cast<unsigned long long>(node & 0xffff'ffff'ffffull),
                                 static_cast<unsigned long long>(count));
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace

size_t Presence::bytes() const {
  return sizeof(Presence) + topic.size() + key.size() + ref.size() + prev.size() + payload.size();
}

size_t PresenceNews::bytes() const {
  size_t bytes = sizeof(PresenceNews);
  for (const SharedPresence& presence : joins) bytes += presence->bytes();
  for (const SharedPresence& presence : leaves) bytes += presence->bytes();
  return bytes;
}

PresenceStore::Room* PresenceStore::find(Privacy privacy, std::string_view topic) const {
  const auto found = rooms_.find(room_key(privacy, topic));
  return found == rooms_.end() ? nullptr : found->second.get();
}

PresenceStore::Room& PresenceStore::room_of(Privacy privacy, std::string_view topic) {
  std::unique_ptr<Room>& slot = rooms_[room_key(privacy, topic)];
  if (!slot) {
    slot = std::make_unique<Room>();
    slot->privacy = privacy;
    slot->topic = topic;
  }
  return *slot;
}

PresenceStore::Held* PresenceStore::held(Room& room, std::string_view key, std::string_view ref) {
  const auto found = room.keys.find(std::string(key));
  if (found == room.keys.end()) return nullptr;
  for (Held& one : found->second) {
    if (one.what->ref == ref) return &one;
  }
  return nullptr;
}

PresenceRefusal PresenceStore::check(const Room* room, const Presence& wanted,
                                     const Held* old) const {
  if (wanted.payload.size() > limits_.presence_bytes_max) return PresenceRefusal::too_large;
  const size_t freed = old ? old->what->bytes() : 0;
  const size_t used = room ? room->bytes - freed : 0;
  if (used + wanted.bytes() > limits_.presence_topic_bytes_max) return PresenceRefusal::topic_full;
  if (old || !room) return PresenceRefusal::none;
  const auto key = room->keys.find(wanted.key);
  const bool full = key == room->keys.end() ? room->keys.size() >= limits_.presence_keys_max
                                            : key->second.size() >= limits_.presence_metas_max;
  return full ? PresenceRefusal::topic_full : PresenceRefusal::none;
}

PresenceRefusal PresenceStore::track(Privacy privacy, std::string_view topic, std::string_view key,
                                     std::string_view payload, std::string& ref) {
  Room* room = find(privacy, topic);
  const Held* old = room && !ref.empty() ? held(*room, key, ref) : nullptr;
  if (old && old->what->payload == payload) return PresenceRefusal::none;
  auto made = std::make_shared<Presence>();
  made->node = node_;
  made->privacy = privacy;
  made->topic = topic;
  made->key = key;
  made->payload = payload;
  made->ref = make_ref(node_, refs_ + 1);
  // Members know the newest one that was told; those between were never seen.
  if (old) made->prev = old->told ? old->what->ref : old->what->prev;
  const PresenceRefusal refusal = check(room, *made, old);
  if (refusal != PresenceRefusal::none) return refusal;
  ++refs_;
  if (old) remove(*room, key, ref);
  ref = made->ref;
  add(std::move(made));
  return PresenceRefusal::none;
}

void PresenceStore::untrack(Privacy privacy, std::string_view topic, std::string_view key,
                            std::string_view ref) {
  Room* room = find(privacy, topic);
  if (room) remove(*room, key, ref);
}

void PresenceStore::mark(Room& room) {
  if (room.changed) return;
  room.changed = true;
  changed_.push_back(&room);
}

void PresenceStore::add(SharedPresence presence) {
  Room& room = room_of(presence->privacy, presence->topic);
  room.bytes += presence->bytes();
  room.keys[presence->key].push_back(Held{presence, false});
  room.joins.push_back(std::move(presence));
  mark(room);
}

void PresenceStore::remove(Room& room, std::string_view key, std::string_view ref) {
  const auto found = room.keys.find(std::string(key));
  if (found == room.keys.end()) return;
  std::vector<Held>& metas = found->second;
  const auto gone = std::find_if(metas.begin(), metas.end(),
                                 [ref](const Held& one) { return one.what->ref == ref; });
  if (gone == metas.end()) return;
  room.bytes -= gone->what->bytes();
  if (gone->told) room.leaves.push_back(gone->what);
  metas.erase(gone);
  if (metas.empty()) room.keys.erase(found);
  mark(room);
}

std::vector<SharedPresence> PresenceStore::told(Privacy privacy, std::string_view topic) const {
  std::vector<SharedPresence> known;
  const Room* room = find(privacy, topic);
  if (!room) return known;
  for (const auto& [key, metas] : room->keys) {
    for (const Held& one : metas) {
      if (one.told) known.push_back(one.what);
    }
  }
  known.insert(known.end(), room->leaves.begin(), room->leaves.end());
  return known;
}

size_t PresenceStore::tick_room(Room& room, PresenceNews& news) {
  size_t bytes = 0;
  PresenceDiff diff{room.privacy, room.topic, {}, {}};
  for (const SharedPresence& joined : room.joins) {
    Held* one = held(room, joined->key, joined->ref);
    if (!one || one->told) continue;
    one->told = true;
    diff.joins.push_back(joined);
    if (joined->node != node_) continue;
    own_.emplace(joined->ref, joined);
    news.joins.push_back(joined);
    bytes += joined->bytes();
  }
  diff.leaves = std::move(room.leaves);
  for (const SharedPresence& left : diff.leaves) {
    if (left->node != node_) continue;
    own_.erase(left->ref);
    news.leaves.push_back(left);
    bytes += left->bytes();
  }
  room.joins.clear();
  room.leaves.clear();
  if (!diff.joins.empty() || !diff.leaves.empty()) port_.tell_members(diff);
  return bytes;
}

void PresenceStore::tick() {
  std::vector<Room*> changed = std::exchange(changed_, {});
  PresenceNews news;
  size_t bytes = 0;
  for (Room* room : changed) {
    room->changed = false;
    bytes += tick_room(*room, news);
    if (bytes >= kPresenceNewsBytesMax) {
      send_delta(news);
      bytes = 0;
    }
    if (room->keys.empty()) rooms_.erase(room_key(room->privacy, room->topic));
  }
  if (!news.joins.empty() || !news.leaves.empty()) send_delta(news);
}

void PresenceStore::send_delta(PresenceNews& news) {
  auto made = std::make_shared<PresenceNews>(std::exchange(news, {}));
  made->kind = PresenceNews::Kind::delta;
  made->from = node_;
  made->number = ++number_;
  port_.tell_nodes(std::move(made));
}

}  // namespace chatpad::realtime

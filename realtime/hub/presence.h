// PresenceStore: who is present in which topic, as one hub knows it, its own and everybody else's.
//
// Each hub owns the presences of its own channels and holds copies of those of all others, so that
// a joiner gets the whole state wherever it joins. What changed since the last tick() is told at
// once: to the members on this hub as one diff per topic, to the other hubs as one PresenceNews.
// News carry the sender's NodeId and a number that grows by one; who misses one asks for the whole
// state of that node, so lost news heal with the next word of the sender (beat() at the latest),
// and a node that falls silent for kPresenceNodeMs is forgotten with its presences. The news need
// nothing but values, so they may travel between processes as well as between loops.
//
// Pure: it owns no timer and no socket; the hub calls tick() and beat(). Payloads are raw JSON
// objects that have been checked. Errors of track(): PresenceRefusal. Limits: PresenceLimits here,
// the constants below. Not thread-safe; a Presence is immutable and may be shared by loops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/protocol/join.h"

namespace chatpad::realtime {

constexpr size_t kPresenceNodesMax = 256;             // other hubs whose presences are held
constexpr uint64_t kPresenceDiffMs = 50;              // changes of this time are told together
constexpr uint64_t kPresenceBeatMs = 5'000;           // a node with presences says that it lives
constexpr uint64_t kPresenceNodeMs = 20'000;          // of silence; then a node's are gone
constexpr uint64_t kPresenceAskMs = 1'000;            // between two questions for one node's state
constexpr size_t kPresenceFrameBytesMax = 64 * 1024;  // a larger state or diff comes in several
constexpr size_t kPresenceNewsBytesMax = 256 * 1024;  // the same between hubs

struct PresenceLimits {
  size_t presence_bytes_max = 16 * 1024;         // payload of one track
  size_t presence_keys_max = 5'000;              // keys of one topic
  size_t presence_metas_max = 50;                // metas of one key
  size_t presence_topic_bytes_max = 512 * 1024;  // all metas of one topic
};

using NodeId = uint64_t;  // of one hub in one run of a program; random, never 0

struct Presence {
  NodeId node = 0;
  Privacy privacy = Privacy::open;
  std::string topic;  // without its prefix
  std::string key;
  std::string ref;      // unique everywhere
  std::string prev;     // the ref it replaces; may be empty
  std::string payload;  // JSON object

  size_t bytes() const;
};
using SharedPresence = std::shared_ptr<const Presence>;

// One word of a node to the others.
struct PresenceNews {
  enum class Kind : uint8_t {
    delta,  // joins and leaves; number = the one before + 1
    state,  // everything the node has, as of `number`, in joins
    beat,   // nothing new since `number`
    ask,    // `to` is to send its state; everybody, when `to` is 0. From 0: to everybody
  };
  Kind kind = Kind::beat;
  NodeId from = 0;
  NodeId to = 0;
  uint64_t number = 0;
  std::vector<SharedPresence> joins, leaves;

  size_t bytes() const;
};
using SharedNews = std::shared_ptr<const PresenceNews>;

// What the members of one topic are told.
struct PresenceDiff {
  Privacy privacy;
  std::string_view topic;
  std::vector<SharedPresence> joins, leaves;
};

// Where a store's words go. Called from inside tick(), beat() and receive().
class PresencePort {
 public:
  virtual void tell_members(const PresenceDiff& diff) = 0;
  virtual void tell_nodes(SharedNews news) = 0;

 protected:
  ~PresencePort() = default;
};

enum class PresenceRefusal : uint8_t { none, too_large, topic_full };

class PresenceStore {
 public:
  PresenceStore(NodeId node, PresenceLimits limits, PresencePort& port)
      : node_(node), limits_(limits), port_(port) {}
  PresenceStore(const PresenceStore&) = delete;
  PresenceStore& operator=(const PresenceStore&) = delete;

  // Adds a presence, or replaces the own one called `ref`, which becomes the new one's name. The
  // same payload again changes nothing. Refused: nothing changes either.
  PresenceRefusal track(Privacy privacy, std::string_view topic, std::string_view key,
                        std::string_view payload, std::string& ref);
  // Removes an own presence; an unknown one is left alone.
  void untrack(Privacy privacy, std::string_view topic, std::string_view key, std::string_view ref);
  // What the members of the topic have been told so far; the rest is in the next diff.
  std::vector<SharedPresence> told(Privacy privacy, std::string_view topic) const;

  void receive(const PresenceNews& news, uint64_t now_ms);
  // Tells what changed.
  void tick();
  // Says that this node lives and forgets those that do not. To be called every kPresenceBeatMs
  // while needs_beat().
  void beat(uint64_t now_ms);
  // Asks every other node for its state: after coming back to the others.
  void ask_all();

  bool has_changes() const { return !changed_.empty(); }
  bool needs_beat() const { return !own_.empty() || number_ != beaten_ || copies_ > 0; }
  NodeId node() const { return node_; }
  size_t own_count() const { return own_.size(); }
  size_t copies_count() const { return copies_; }
  size_t topics_count() const { return rooms_.size(); }

 private:
  struct Held {
    SharedPresence what;
    bool told = false;
  };
  struct Room {
    Privacy privacy;
    std::string topic;
    std::unordered_map<std::string, std::vector<Held>> keys;
    size_t bytes = 0;
    bool changed = false;
    std::vector<SharedPresence> joins;   // not told yet; some may be gone again
    std::vector<SharedPresence> leaves;  // were told, are gone
  };
  struct Node {
    uint64_t number = 0;
    uint64_t heard_ms = 0;
    uint64_t asked_ms = 0;
    std::unordered_map<std::string, SharedPresence> held;  // by ref
  };

  Room* find(Privacy privacy, std::string_view topic) const;
  Room& room_of(Privacy privacy, std::string_view topic);
  static Held* held(Room& room, std::string_view key, std::string_view ref);
  PresenceRefusal check(const Room* room, const Presence& wanted, const Held* old) const;
  void add(SharedPresence presence);
  void remove(Room& room, std::string_view key, std::string_view ref);
  void mark(Room& room);
  // Returns the bytes it added to the news.
  size_t tick_room(Room& room, PresenceNews& news);
  void send_delta(PresenceNews& news);
  Node* node_of(NodeId id, uint64_t now_ms);
  void take_delta(Node& node, const PresenceNews& news);
  void take_state(Node& node, const PresenceNews& news);
  void add_copy(Node& node, const SharedPresence& presence);
  void remove_copy(Node& node, const std::string& ref);
  void send_state(NodeId to);
  void ask(NodeId id, Node& node, uint64_t now_ms);

  const NodeId node_;
  const PresenceLimits limits_;
  PresencePort& port_;
  std::unordered_map<std::string, std::unique_ptr<Room>> rooms_;
  std::vector<Room*> changed_;
  std::unordered_map<std::string, SharedPresence> own_;  // by ref; as the other nodes know them
  std::unordered_map<NodeId, Node> nodes_;
  uint64_t number_ = 0;  // of the newest delta
  uint64_t beaten_ = 0;  // the one the newest beat told
  uint64_t refs_ = 0;
  size_t copies_ = 0;
};

}  // namespace chatpad::realtime

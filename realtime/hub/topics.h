// Topics: who is joined to what on this loop. The public and the private room of one name are two
// topics. A topic exists while it has a member.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/hub/audience.h"
#include "realtime/hub/session.h"

namespace chatpad::realtime {

constexpr uint64_t kActivitySpanMs = 10'000;

// How many messages a topic has had lately, in three numbers. Pure.
struct Activity {
  void count(uint64_t now_ms) {
    move_to(now_ms / kActivitySpanMs);
    ++running;
  }
  // Of the span before this one, in the part that is less than a span ago, and of this one.
  double per_s(uint64_t now_ms) const {
    Activity now = *this;
    now.move_to(now_ms / kActivitySpanMs);
    const double over = static_cast<double>(now_ms % kActivitySpanMs) / kActivitySpanMs;
    return (now.running + now.before * (1 - over)) * 1000 / kActivitySpanMs;
  }

  uint64_t span = 0;
  uint32_t running = 0, before = 0;

 private:
  void move_to(uint64_t now) {
    if (now == span) return;
    before = now == span + 1 ? running : 0;
    running = 0;
    span = now;
  }
};

struct Topic {
  struct Member {
    Channel* channel;
    Session* session;
  };
  std::string key;
  std::vector<Member> members;  // unordered: leaving swaps with the last
  Activity activity;
};

// The public and the private room of one name have different keys.
void append_topic_key(std::string& key, Privacy privacy, std::string_view name);

class Topics {
 public:
  // Before anybody joins: told which topics there are.
  void attach(std::shared_ptr<Audience> audience) { audience_ = std::move(audience); }
  void join(Channel& channel);
  void leave(Channel& channel);
  // Null when nobody is joined.
  Topic* find(Privacy privacy, std::string_view name);
  size_t size() const { return topics_.size(); }

  template <class Fn>
  void for_each_topic(Fn fn) const {
    for (const auto& [key, topic] : topics_) fn(*topic);
  }
  template <class Fn>
  void for_each_channel(Fn fn) {
    for (auto& [key, topic] : topics_) {
      for (const Topic::Member& member : topic->members) fn(*member.channel);
    }
  }

 private:
  std::string_view key_of(Privacy privacy, std::string_view name);

  std::shared_ptr<Audience> audience_;
  std::unordered_map<std::string_view, std::unique_ptr<Topic>> topics_;  // keys stand in the topics
  std::string scratch_;
};

}  // namespace chatpad::realtime

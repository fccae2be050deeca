// Topics: who is joined to what on this loop. The public and the private room of one name are two
// topics. A topic exists while it has a member.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/hub/session.h"

namespace chatpad::realtime {

struct Topic {
  struct Member {
    Channel* channel;
    Session* session;
  };
  std::string key;
  std::vector<Member> members;  // unordered: leaving swaps with the last
};

class Topics {
 public:
  void join(Channel& channel);
  void leave(Channel& channel);
  // Null when nobody is joined.
  Topic* find(Privacy privacy, std::string_view name);
  size_t size() const { return topics_.size(); }

  template <class Fn>
  void for_each_channel(Fn fn) {
    for (auto& [key, topic] : topics_) {
      for (const Topic::Member& member : topic->members) fn(*member.channel);
    }
  }

 private:
  std::string_view key_of(Privacy privacy, std::string_view name);

  std::unordered_map<std::string_view, std::unique_ptr<Topic>> topics_;  // keys stand in the topics
  std::string scratch_;
};

}  // namespace chatpad::realtime

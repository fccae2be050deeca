#include "realtime/hub/topics.h"

#include "runtime/base/check.h"

namespace chatpad::realtime {

void append_topic_key(std::string& key, Privacy privacy, std::string_view name) {
  key += privacy == Privacy::open ? 'o' : 'r';
  key += name;
}

std::string_view Topics::key_of(Privacy privacy, std::string_view name) {
  scratch_.clear();
  append_topic_key(scratch_, privacy, name);
  return scratch_;
}

Topic* Topics::find(Privacy privacy, std::string_view name) {
  const auto found = topics_.find(key_of(privacy, name));
  return found == topics_.end() ? nullptr : found->second.get();
}

void Topics::join(Channel& channel) {
  CHECK(!channel.topic, "a channel joins its topic once");
  Topic* topic = find(channel.privacy, channel.name);
  if (!topic) {
    auto made = std::make_unique<Topic>();
    made->key = key_of(channel.privacy, channel.name);
    topic = made.get();
    topics_.emplace(topic->key, std::move(made));
    if (audience_) audience_->arrived(topic->key);
  }
  channel.topic = topic;
  channel.slot = topic->members.size();
  topic->members.push_back(Topic::Member{&channel, &channel.session});
}

void Topics::leave(Channel& channel) {
  Topic* topic = std::exchange(channel.topic, nullptr);
  if (!topic) return;
  topic->members[channel.slot] = topic->members.back();
  topic->members[channel.slot].channel->slot = channel.slot;
  topic->members.pop_back();
  if (topic->members.empty()) {
    const std::string key = topic->key;  // the map's key stands in the topic it destroys
    topics_.erase(key);
    if (audience_) audience_->left(key);
  }
}

}  // namespace chatpad::realtime

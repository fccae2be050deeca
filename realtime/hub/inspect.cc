#include "realtime/hub/inspect.h"

#include <algorithm>
#include <unordered_set>

#include "realtime/hub/hub.h"

namespace chatpad::realtime {
namespace {

bool is_busier(const TopicReport& one, const TopicReport& other) {
  if (one.messages_per_s != other.messages_per_s) return one.messages_per_s > other.messages_per_s;
  return one.name < other.name;
}

void keep_busiest(std::vector<TopicReport>& topics, size_t most) {
  const size_t kept = std::min(most, topics.size());
  std::partial_sort(topics.begin(), topics.begin() + static_cast<std::ptrdiff_t>(kept),
                    topics.end(), is_busier);
  topics.resize(kept);
}

}  // namespace

void merge_topics(std::vector<TopicReport>& topics, std::vector<TopicReport> more, size_t most) {
  for (TopicReport& topic : more) {
    const auto same = std::find_if(topics.begin(), topics.end(), [&topic](const auto& one) {
      return one.privacy == topic.privacy && one.name == topic.name;
    });
    if (same == topics.end()) {
      topics.push_back(std::move(topic));
      continue;
    }
    // A message is counted by every hub that has members, so the rates are of the same messages.
    same->members += topic.members;
    same->messages_per_s = std::max(same->messages_per_s, topic.messages_per_s);
  }
  keep_busiest(topics, most);
}

HubReport Inspector::look_at(const Hub& hub, size_t topics_max) {
  HubReport report;
  report.stats = hub.stats();
  std::unordered_set<const Session*> seen;
  for (const auto& [id, channel] : hub.channels_) {
    const Session& session = channel->session;
    if (session.outbox_bytes_ == 0 || !seen.insert(&session).second) continue;
    report.unsent_bytes += session.outbox_bytes_;
    if (session.blocked_) ++report.behind;
  }
  const uint64_t now_ms = hub.loop_.now_ms();
  hub.topics_.for_each_topic([&](const Topic& topic) {
    const double per_s = topic.activity.per_s(now_ms);
    if (per_s <= 0) return;
    TopicReport one;
    one.name = topic.members.front().channel->name;
    one.privacy = topic.members.front().channel->privacy;
    one.members = topic.members.size();
    one.messages_per_s = per_s;
    report.topics.push_back(std::move(one));
    // Never more than a few times what is wanted, however many topics there are.
    if (report.topics.size() >= 4 * topics_max + 64) keep_busiest(report.topics, topics_max);
  });
  keep_busiest(report.topics, topics_max);
  return report;
}

}  // namespace chatpad::realtime

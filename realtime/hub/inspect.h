// Inspector: what an operator asks one hub, read in one go on the hub's own loop: its counters, the
// sockets that are behind, and its busiest topics. It costs a walk over all channels, so it is for
// people who look, not for every scrape. It changes nothing.
//
// Topic names are a tenant's data: they are for the operator and never for /metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "realtime/hub/stats.h"
#include "realtime/hub/topics.h"

namespace chatpad::realtime {

class Hub;

struct TopicReport {
  std::string name;  // without its prefix
  Privacy privacy = Privacy::open;
  size_t members = 0;
  double messages_per_s = 0;  // of the last kActivitySpanMs or two
};

struct HubReport {
  HubStats stats;
  size_t behind = 0;          // sockets that do not take what waits for them
  uint64_t unsent_bytes = 0;  // of all sockets
  std::vector<TopicReport> topics;
};

// The busiest first; the same topic of several hubs is one. Keeps `most`.
void merge_topics(std::vector<TopicReport>& topics, std::vector<TopicReport> more, size_t most);

class Inspector {
 public:
  // With the `topics_max` busiest topics that had a message lately.
  static HubReport look_at(const Hub& hub, size_t topics_max);
};

}  // namespace chatpad::realtime

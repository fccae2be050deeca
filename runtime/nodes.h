// Nodes: what makes several programs on one database one service: the bus between them, its metrics
// and its state for /health. Without CHATPAD_REDIS_URL it does nothing.
//
// On loop 0, after the units and destroyed before them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "realtime/bus/redis_bus.h"
#include "runtime/unit.h"

namespace chatpad {

class Nodes {
 public:
  // Raises Errc::validation_failed when CHATPAD_REDIS_URL cannot be used. For before anything runs.
  static void check(const Config& config);

  Nodes(Loop& loop, Shared& shared);
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;

  // When it is known which database this is; `cluster` as Feed::cluster() says it.
  void start(const std::string& cluster, const std::string& database);
  // Calls `done` once the others have been told what they are to know.
  void farewell(std::function<void()> done);
  void stop();

 private:
  void add_metrics(edge::Metrics& metrics);

  Loop& loop_;
  std::unique_ptr<realtime::RedisBus> bus_;
  Timer farewell_;
};

}  // namespace chatpad

#include "runtime/nodes.h"

#include "realtime/bus/limits.h"

namespace chatpad {
namespace {

using realtime::RedisBusStats;

struct Family {
  const char* name;
  const char* help;
  const char* type;
  std::atomic<uint64_t> RedisBusStats::*value;
};
constexpr Family kFamilies[] = {
    {"chatpad_bus_nodes", "Other programs heard of late.", "gauge", &RedisBusStats::nodes},
    {"chatpad_bus_packets_in_total", "Packets taken from other programs.", "counter",
     &RedisBusStats::packets_in},
    {"chatpad_bus_packets_out_total", "Packets given to Redis.", "counter",
     &RedisBusStats::packets_out},
    {"chatpad_bus_items_in_total", "Messages and news in the packets taken.", "counter",
     &RedisBusStats::items_in},
    {"chatpad_bus_items_out_total", "Messages and news in the packets given.", "counter",
     &RedisBusStats::items_out},
    {"chatpad_bus_in_bytes_total", "Bytes received from Redis, own packets included.", "counter",
     &RedisBusStats::bytes_in},
    {"chatpad_bus_out_bytes_total", "Bytes of the packets given to Redis.", "counter",
     &RedisBusStats::bytes_out},
    {"chatpad_bus_dropped_total", "Messages and news that could not be sent.", "counter",
     &RedisBusStats::dropped},
    {"chatpad_bus_refused_total", "Packets forged, broken, repeated or untimely.", "counter",
     &RedisBusStats::refused},
    {"chatpad_bus_losses_total", "Times that the bus broke.", "counter",
     &RedisBusStats::reconnects},
};

}  // namespace

void Nodes::check(const Config& config) {
  if (!config.redis_url.empty()) realtime::RedisUrl::parse(config.redis_url).or_raise();
}

Nodes::Nodes(Loop& loop, Shared& shared) : loop_(loop) {
  if (shared.config.redis_url.empty()) return;
  realtime::RedisBusOptions options;
  options.url = realtime::RedisUrl::parse(shared.config.redis_url).or_raise();
  options.secret = shared.config.jwt_secret;
  bus_ = std::make_unique<realtime::RedisBus>(loop, shared.bus, shared.limiter, std::move(options));
  shared.bus.attach(bus_.get());
  add_metrics(shared.metrics);
}

void Nodes::add_metrics(edge::Metrics& metrics) {
  metrics.add("chatpad_bus_connected", "1 while the bus between programs works.", "gauge",
              [this] { return bus_->is_connected() ? 1.0 : 0.0; });
  for (const Family& family : kFamilies) {
    metrics.add(family.name, family.help, family.type, [this, value = family.value] {
      return static_cast<double>((bus_->stats().*value).load(std::memory_order_relaxed));
    });
  }
}

// The cluster's identifier without its timeline, which changes when a standby takes over.
void Nodes::start(const std::string& cluster, const std::string& database) {
  if (!bus_ || cluster.empty()) return;
  bus_->start(cluster.substr(0, cluster.find('.')) + "/" + database);
}

void Nodes::farewell(std::function<void()> done) {
  if (!bus_ || !bus_->is_connected()) return done();
  farewell_.start(loop_, realtime::kFarewellMs, std::move(done));
}

void Nodes::stop() {
  farewell_.stop();
  if (bus_) bus_->stop();
}

}  // namespace chatpad

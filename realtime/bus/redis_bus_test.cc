#include "realtime/bus/redis_bus.h"

#include <gtest/gtest.h>

#include <utility>

#include "realtime/bus/limits.h"

namespace chatpad::realtime {
namespace {

// A bus that is not started: nothing listens where it would connect to.
struct Fixture {
  Fixture() : limiter(1.0), bus(loop, hubs, limiter, options()) {}
  ~Fixture() { run_for(0); }
  // Once: a loop that was stopped does not run again.
  void run_for(uint64_t ms) {
    if (std::exchange(ran, true)) return;
    Timer end;
    end.start(loop, ms, [this] {
      bus.stop();
      loop.stop();
    });
    loop.run();
  }
  static RedisBusOptions options() {
    RedisBusOptions made;
    made.url = RedisUrl::parse("redis://127.0.0.1:1").value();
    made.secret = "the secret of a deployment";
    return made;
  }
  static SharedMessage message(size_t bytes) {
    auto made = std::make_shared<Message>();
    made->payload.assign(bytes, 'x');
    return made;
  }
  uint64_t dropped() const { return bus.stats().dropped.load(); }

  Loop loop;
  Bus hubs;
  edge::RateLimiter limiter;
  RedisBus bus;
  bool ran = false;
};

TEST(RedisBus, holds_a_bounded_number_of_items_and_counts_the_rest) {
  Fixture fixture;
  const SharedMessage small = Fixture::message(1);
  for (size_t i = 0; i < kRemoteItemsMax + 7; ++i) fixture.bus.send(small);
  EXPECT_EQ(fixture.dropped(), 7u);
}

TEST(RedisBus, holds_a_bounded_number_of_bytes_and_counts_the_rest) {
  Fixture fixture;
  const SharedMessage large = Fixture::message(kRemoteBytesMax / 4);
  for (int i = 0; i < 5; ++i) fixture.bus.send(large);
  EXPECT_EQ(fixture.dropped(), 2u);
}

TEST(RedisBus, is_not_connected_where_nothing_listens_and_keeps_nothing) {
  Fixture fixture;
  fixture.bus.start("a database");
  fixture.bus.send(Fixture::message(1));
  fixture.run_for(300);
  EXPECT_FALSE(fixture.bus.is_connected());
  EXPECT_EQ(fixture.dropped(), 1u);
  EXPECT_EQ(fixture.bus.stats().packets_out.load(), 0u);
}

}  // namespace
}  // namespace chatpad::realtime

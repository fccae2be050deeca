// The realtime hub alone behind a listener: `hub_server PORT`. Every topic is open, rates are off.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "realtime/socket/testing.h"

using namespace chatpad;
using namespace chatpad::realtime;

int main(int argc, char** argv) {
  const auto port = static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 4400);
  const rlimit files{20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  Loop loop;
  HubOptions options;
  options.feed = FeedState::not_required;
  options.limits.rate_scale = 1e6;
  uv_signal_t stop_signal;
  realtime::testing::FixtureServer server(loop, std::move(options), SocketLimits());
  server.listen(port);
  uv_signal_init(loop.raw(), &stop_signal);
  stop_signal.data = &server;
  uv_signal_start(
      &stop_signal,
      [](uv_signal_t* handle, int) {
        auto* running = static_cast<realtime::testing::FixtureServer*>(handle->data);
        const HubStats s = running->hub().stats();
        std::fprintf(stderr, "deliveries %lu writes %lu bytes %lu joins %lu slow %lu\n",
                     s.deliveries, s.writes, s.bytes_out, s.joins_ok, s.slow_readers);
        uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
        running->stop();
      },
      SIGTERM);
  loop.run();
  return 0;
}

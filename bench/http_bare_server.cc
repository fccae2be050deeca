// The HTTP server with an empty handler, to measure what one keep-alive request costs by itself:
//   http_bare_server 8099 &   wrk -t1 -c64 -d5 http://127.0.0.1:8099/
// On SIGINT it prints requests, CPU time and microseconds of CPU per request.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/http/server.h"

namespace {

struct HelloHandler final : chatpad::http::Handler {
  size_t on_head(chatpad::http::Exchange&) override { return 1 << 20; }
  void on_request(chatpad::http::Exchange& exchange) override {
    exchange.reply(200, "Content-Type: application/json\r\n", "{\"hello\":\"world\"}");
  }
  Refusal on_refused(int, std::string_view code, std::string_view) override {
    return {"Content-Type: application/json\r\n", "{\"code\":\"" + std::string(code) + "\"}"};
  }
};

void print_cost(const chatpad::http::ServerStats& stats) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double user_us = usage.ru_utime.tv_sec * 1e6 + usage.ru_utime.tv_usec;
  const double system_us = usage.ru_stime.tv_sec * 1e6 + usage.ru_stime.tv_usec;
  const double requests = stats.requests > 0 ? static_cast<double>(stats.requests) : 1;
  std::printf("requests %.0f  user %.2f us  system %.2f us  total %.2f us per request\n", requests,
              user_us / requests, system_us / requests, (user_us + system_us) / requests);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace chatpad;
  const auto port = static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8099);
  Loop loop;
  HelloHandler handler;
  auto server = std::make_unique<http::Server>(loop, http::ServerLimits{}, handler);
  auto acceptor = std::make_unique<http::Acceptor>(
      loop, "127.0.0.1", port,
      [&server](int fd, std::string peer) { server->adopt(fd, std::move(peer)); },
      [&server] { return server->accepting(); });
  uv_signal_t interrupt;
  uv_signal_init(loop.raw(), &interrupt);
  interrupt.data = &loop;
  uv_signal_start_oneshot(
      &interrupt,
      [](uv_signal_t* signal, int) {
        uv_close(reinterpret_cast<uv_handle_t*>(signal), nullptr);
        uv_stop(signal->loop);
      },
      SIGINT);
  uv_run(loop.raw(), UV_RUN_DEFAULT);
  print_cost(server->stats());
  acceptor.reset();
  server.reset();
  loop.stop();
  loop.run();
}

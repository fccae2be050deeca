// For the tests of this room: a server in its own thread, with a handler that does what the path
// says.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "runtime/http/server.h"
#include "runtime/http/test_peer.h"

namespace chatpad::http {

struct Counts {
  std::atomic<int> attachments_made{0};
  std::atomic<int> attachments_gone{0};
  std::atomic<int> bodies{0};
};

// Paths: /hello /echo /describe /later /never /stream?<bytes> /forever /big?<bytes> /early /drip
// /detach /close. Everything else is 404.
class PathHandler final : public Handler {
 public:
  explicit PathHandler(Counts& counts) : counts_(counts) {}
  size_t body_bytes_max = 1 << 20;
  std::function<void(Exchange&, DetachedSocket)> on_detached;

  size_t on_head(Exchange& exchange) override {
    if (exchange.request().path == "/early") {
      exchange.reply(401, "Content-Type: text/plain\r\n", "early");
    }
    return body_bytes_max;
  }

  void on_request(Exchange& exchange) override {
    const Request& request = exchange.request();
    ++counts_.bodies;
    if (request.path == "/hello") {
      exchange.reply(200, "Content-Type: text/plain\r\n", "hello");
    } else if (request.path == "/echo") {
      exchange.reply(200, "", request.body);
    } else if (request.path == "/describe") {
      exchange.reply(200, "", describe(request));
    } else if (request.path == "/big") {
      exchange.reply(200, "", std::string(std::stoul(std::string(request.query)), 'x'));
    } else if (request.path == "/close") {
      exchange.reply_and_close(200, "", "bye");
    } else if (request.path == "/none") {
      exchange.reply(204, "", "");
    } else if (request.path == "/detach") {
      on_detached(exchange, exchange.detach());
    } else if (request.path == "/never" || request.path == "/later" || request.path == "/stream" ||
               request.path == "/forever") {
      exchange.attach(std::make_unique<Work>(exchange, counts_));
    } else {
      exchange.reply(404, "", "no");
    }
  }

  Refusal on_refused(int, std::string_view code, std::string_view origin) override {
    std::string headers = "Content-Type: application/json\r\n";
    if (!origin.empty()) headers += "X-Origin: " + std::string(origin) + "\r\n";
    return {headers, "{\"code\":\"" + std::string(code) + "\"}"};
  }

 private:
  static std::string describe(const Request& request) {
    std::string text =
        std::string(method_name(request.method)) + " path=" + std::string(request.path) +
        " query=" + std::string(request.query) + " peer=" + std::string(request.peer) +
        " upgrade=" + (request.wants_upgrade ? "yes" : "no") +
        " body=" + std::to_string(request.body.size());
    for (const Header& header : request.headers) {
      text += " [" + std::string(header.name) + "=" + std::string(header.value) + "]";
    }
    return text;
  }

  // What a request that takes time leaves on its exchange; it replies out of a timer, from inside
  // itself, as a coroutine owned by the attachment does.
  struct Work final : Attachment {
    Work(Exchange& on, Counts& of) : exchange(on), counts(of) {
      ++counts.attachments_made;
      path = exchange.request().path;
      if (path == "/never") return;
      const std::string query(exchange.request().query);
      if (path == "/forever") left = ~size_t{0};
      if (path == "/stream") left = std::stoul(query);
      timer.start(exchange.loop(), 20, [this] { go_on(); });
    }
    ~Work() override { ++counts.attachments_gone; }

    void go_on() {
      if (path == "/later") {
        exchange.reply(200, "", exchange.request().target);
        counts_alive();
        return;
      }
      exchange.start_stream(200, "Content-Type: text/plain\r\n");
      pump();
    }
    void pump() {
      const std::string piece(16 * 1024, 'y');
      while (left > 0) {
        const size_t n = std::min(left, piece.size());
        left -= n;
        if (!exchange.write(std::string_view(piece).substr(0, n))) {
          exchange.when_drained([this] { pump(); });
          return;
        }
      }
      exchange.finish_stream();
      counts_alive();
    }
    // Uses memory of its own after the reply: the attachment must not be gone from its own stack.
    void counts_alive() { path += "!"; }

    Exchange& exchange;
    Counts& counts;
    std::string path;
    size_t left = 0;
    Timer timer;
  };

  Counts& counts_;
};

class TestServer {
 public:
  explicit TestServer(ServerLimits limits = {}, size_t body_bytes_max = 1 << 20)
      : handler(counts), server_(std::make_unique<Server>(loop_, limits, handler)) {
    handler.body_bytes_max = body_bytes_max;
    acceptor_ = std::make_unique<Acceptor>(
        loop_, "127.0.0.1", 0,
        [this](int fd, std::string peer) { server_->adopt(fd, std::move(peer)); },
        [this] { return server_->accepting(); });
    port = acceptor_->port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~TestServer() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] {
      acceptor_.reset();
      server_.reset();
      loop_.stop();
    });
    thread_.join();
  }
  // Runs `fn` on the loop and waits for it.
  template <class Fn>
  auto on_loop(Fn fn) {
    std::promise<decltype(fn())> result;
    loop_.post([&] {
      if constexpr (std::is_void_v<decltype(fn())>) {
        fn();
        result.set_value();
      } else {
        result.set_value(fn());
      }
    });
    return result.get_future().get();
  }
  ServerStats stats() {
    return on_loop([this] { return server_->stats(); });
  }
  // Waits until `condition` holds; false when it does not in time.
  template <class Condition>
  bool eventually(Condition condition) {
    for (int i = 0; i < kPatienceMs / 5; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool connections_become(size_t count) {
    return eventually([&] { return stats().connections == count; });
  }
  Server& server() { return *server_; }
  Loop& loop() { return loop_; }

  Counts counts;
  PathHandler handler;
  uint16_t port = 0;

 private:
  Loop loop_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Acceptor> acceptor_;
  std::thread thread_;
};

}  // namespace chatpad::http

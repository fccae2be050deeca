#include "runtime/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/http/server.h"

namespace chatpad {
namespace {

constexpr uint64_t kIntervalMsDefault = 1000;

Error control_error(std::string sentence) {
  return Error(Errc::internal, PublicText(std::move(sentence)));
}

http::ServerLimits limits() {
  http::ServerLimits limits;
  limits.connections_max = ControlSocket::kClientsMax;
  return limits;
}

// The user at the other end, as the kernel knows it.
bool is_operator(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

struct Query {
  bool json = false;
  uint64_t interval_ms = kIntervalMsDefault;
  size_t shown = realtime::kShownDefault;
};

uint64_t number_or(std::string_view text, uint64_t fallback, uint64_t most) {
  uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return fallback;
  return std::min(number, most);
}

Query query_of(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const size_t and_at = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, and_at);
    text.remove_prefix(std::min(and_at + 1, text.size()));
    const size_t is_at = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, is_at);
    const std::string_view value = pair.substr(std::min(is_at + 1, pair.size()));
    if (name == "format") query.json = value == "json";
    if (name == "interval_ms") {
      query.interval_ms = number_or(value, kIntervalMsDefault, ControlSocket::kIntervalMsMax);
    }
    if (name == "shown") {
      query.shown = number_or(value, realtime::kShownDefault, realtime::kShownMax);
    }
  }
  return query;
}

constexpr std::string_view kText = "Content-Type: text/plain; charset=utf-8\r\n";
constexpr std::string_view kJson = "Content-Type: application/json\r\n";

}  // namespace

Result<std::string> control_path(const std::string& home) {
  std::string path = home + "/control.sock";
  if (path.size() < sizeof(sockaddr_un::sun_path)) return path;
  return Error(Errc::validation_failed,
               PublicText("The path " + path + " has " + std::to_string(path.size()) +
                          " bytes and a socket's path may have " +
                          std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                          ": set CHATPAD_HOME to a shorter one."));
}

// ---- Requests -----------------------------------------------------------------------------------

// A request that waits for its second look. Gone with its client.
struct Pending final : http::Attachment {
  explicit Pending(http::Exchange& of, Query asked) : exchange(&of), query(asked) {}
  ~Pending() override { *alive = false; }

  http::Exchange* exchange;
  Query query;
  realtime::RealtimeReport before;
  Timer again;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

struct ControlSocket::Impl final : http::Handler {
  Impl(Loop& on_loop, int listening, std::string at, Collect how)
      : loop(on_loop),
        fd(listening),
        path(std::move(at)),
        collect(std::move(how)),
        server(std::make_unique<http::Server>(loop, limits(), *this)),
        poll(new uv_poll_t) {
    CHECK(uv_poll_init(loop.raw(), poll, fd) == 0, "a listening socket can be polled");
    poll->data = this;
    uv_poll_start(poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
      static_cast<Impl*>(handle->data)->accept_one();
    });
  }
  ~Impl() override {
    uv_poll_stop(poll);
    uv_close(reinterpret_cast<uv_handle_t*>(poll),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
    ::close(fd);
    ::unlink(path.c_str());
  }

  void accept_one() {
    const int client = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    if (!is_operator(client) || !server->accepting()) {
      ::close(client);
      return;
    }
    server->adopt(client, "control.sock");
  }

  size_t on_head(http::Exchange& exchange) override {
    const http::Request& request = exchange.request();
    if (request.method != http::Method::get) {
      exchange.reply_and_close(405, kText, "This socket answers GET only.\n");
    } else if (request.path != "/realtime") {
      exchange.reply_and_close(404, kText, "There is GET /realtime here, and nothing else.\n");
    }
    return 0;
  }

  void on_request(http::Exchange& exchange) override {
    auto made = std::make_unique<Pending>(exchange, query_of(exchange.request().query));
    Pending* const pending = made.get();
    exchange.attach(std::move(made));
    look(pending, [this, pending](realtime::RealtimeReport before) {
      pending->before = std::move(before);
      pending->again.start(loop, pending->query.interval_ms, [this, pending] { answer(pending); });
    });
  }

  void look(Pending* pending, Collected then) {
    collect(pending->query.shown, [alive = pending->alive, then = std::move(then)](auto report) {
      if (*alive) then(std::move(report));
    });
  }

  void answer(Pending* pending) {
    look(pending, [pending](realtime::RealtimeReport now) {
      const Query query = pending->query;
      const std::string body = query.json
                                   ? realtime::report_json(pending->before, now, query.shown)
                                   : realtime::report_text(pending->before, now, query.shown);
      pending->exchange->reply(200, query.json ? kJson : kText, body);
    });
  }

  Refusal on_refused(int, std::string_view code, std::string_view) override {
    return {std::string(kText), std::string(code) + "\n"};
  }

  Loop& loop;
  int fd;
  std::string path;
  Collect collect;
  std::unique_ptr<http::Server> server;
  uv_poll_t* poll;
};

// ---- Opening ------------------------------------------------------------------------------------

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(Loop& loop, const std::string& home,
                                                           Collect collect) {
  Result<std::string> path = control_path(home);
  if (!path) return path.error();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return control_error("A control socket cannot be made.");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path->data(), path->size());
  // The home is locked, so a socket that is there is what a kill -9 left. The mode of an unbound
  // socket is the mode its file is made with.
  ::unlink(path->c_str());
  if (::fchmod(fd, 0600) != 0 ||
      ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path->c_str(), 0600) != 0 || ::listen(fd, static_cast<int>(kClientsMax)) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    return control_error("The control socket " + *path + " cannot be made: " + why + ".");
  }
  return std::unique_ptr<ControlSocket>(
      new ControlSocket(std::make_unique<Impl>(loop, fd, *path, std::move(collect))));
}

ControlSocket::ControlSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlSocket::~ControlSocket() = default;

}  // namespace chatpad

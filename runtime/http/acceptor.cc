#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "runtime/base/check.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/http/server.h"

namespace chatpad::http {
namespace {

constexpr int kAcceptsPerTurnMax = 64;    // so that a storm of connections does not stall the loop
constexpr int kBacklog = 4096;            // cut to net.core.somaxconn by the kernel
constexpr int kReservedFds = 64;          // kept free for the database, files and outgoing calls
constexpr uint64_t kPauseMs = 50;         // how long accepting pauses
constexpr uint64_t kPauseLogMs = 10'000;  // one log line of a pause in this time

std::string peer_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
  }
  return text.data();
}

[[noreturn]] void raise_listen_error(const std::string& host, uint16_t port, int error) {
  const std::string where = host + ":" + std::to_string(port);
  const std::string sentence =
      error == EADDRINUSE
          ? "Another program listens on " + where + " already; stop it or choose another port."
          : "Cannot listen on " + where + ": " + std::strerror(error);
  raise(Errc::internal, PublicText(sentence), LogText(std::strerror(error)));
}

int listen_on(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    raise_listen_error(host, port, EADDRNOTAVAIL);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, kBacklog) == 0) {
    return fd;
  }
  const int error = errno;
  if (fd >= 0) ::close(fd);
  raise_listen_error(host, port, error);
}

uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace

struct Acceptor::Impl {
  Impl(Loop& on_loop, int listening, std::function<void(int, std::string)> on_deal,
       std::function<bool()> allowed)
      : loop(on_loop), fd(listening), deal(std::move(on_deal)), may_accept(std::move(allowed)) {
    CHECK(uv_poll_init(loop.raw(), &poll, fd) == 0, "a listening socket can be polled");
    poll.data = this;
    start();
  }

  void start() {
    uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
      static_cast<Impl*>(handle->data)->accept_some();
    });
  }

  // Nothing tells when descriptors are free again, so it is tried again a little later.
  void pause(std::string_view why) {
    uv_poll_stop(&poll);
    if (loop.now_ms() >= next_log_ms) {
      next_log_ms = loop.now_ms() + kPauseLogMs;
      log::Line(LogLevel::warn, "accept_paused").field("reason", why);
    }
    timer.start(loop, kPauseMs, [this] {
      if (closed) return;
      start();
    });
  }

  // The lowest free descriptor tells how close the process is to its limit.
  static bool near_limit(int lowest_free) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<rlim_t>(lowest_free) + kReservedFds >= limit.rlim_cur;
  }
  bool descriptors_left() const {
    const int probe = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (probe < 0) return false;
    ::close(probe);
    return !near_limit(probe);
  }

  void accept_some() {
    if (!descriptors_left()) {
      pause("the file descriptor limit is near");
      return;
    }
    for (int i = 0; i < kAcceptsPerTurnMax && !closed; ++i) {
      if (!may_accept()) {
        pause("the connection limit is reached");
        return;
      }
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int accepted =
          accept4(fd, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted >= 0) {
        deal(accepted, peer_text(address));
        if (!near_limit(accepted)) continue;
        if (!closed) pause("the file descriptor limit is near");
        return;
      }
      if (errno == EAGAIN) return;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pause("the system refuses another connection");
        return;
      }
      // The rest (ECONNABORTED, EINTR, network errors) concerns that one connection.
    }
  }

  void close() {
    if (closed) return;
    closed = true;
    timer.stop();
    uv_close(reinterpret_cast<uv_handle_t*>(&poll), [](uv_handle_t* handle) {
      auto* impl = static_cast<Impl*>(handle->data);
      impl->handle_closed = true;
      if (impl->orphaned) delete impl;
    });
    ::close(fd);
  }

  Loop& loop;
  int fd;
  std::function<void(int, std::string)> deal;
  std::function<bool()> may_accept;
  uv_poll_t poll{};
  Timer timer;
  uint64_t next_log_ms = 0;
  bool closed = false;
  bool handle_closed = false;
  bool orphaned = false;
};

Acceptor::Acceptor(Loop& loop, const std::string& host, uint16_t port,
                   std::function<void(int fd, std::string peer)> deal,
                   std::function<bool()> may_accept)
    : impl_(std::make_unique<Impl>(loop, listen_on(host, port), std::move(deal),
                                   std::move(may_accept))) {}

Acceptor::~Acceptor() {
  Impl* impl = impl_.release();
  impl->close();
  impl->orphaned = true;
  if (impl->handle_closed) delete impl;
}

uint16_t Acceptor::port() const { return bound_port(impl_->fd); }
void Acceptor::close() { impl_->close(); }

}  // namespace chatpad::http

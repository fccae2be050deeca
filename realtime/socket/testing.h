// FixtureServer: a listener that answers websocket upgrades with a SocketServer, for the tests and
// benches of this room only. It reads the request naively; the real front door is runtime/http.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <memory>
#include <string>

#include "realtime/hub/hub.h"
#include "realtime/socket/socket_server.h"
#include "runtime/base/check.h"
#include "runtime/edge/caller_shelf.h"

namespace chatpad::realtime::testing {

class FixtureServer {
 public:
  FixtureServer(Loop& loop, HubOptions options, SocketLimits limits)
      : loop_(loop), hub_(loop, std::move(options)), sockets_(loop, hub_, limits) {}

  // Port 0 takes a free one. Returns the port.
  uint16_t listen(uint16_t port) {
    listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listen_fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), size) == 0, "port is free");
    CHECK(::listen(listen_fd_, 1024) == 0, "the socket listens");
    getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size);
    uv_poll_init(loop_.raw(), &listener_, listen_fd_);
    listener_.data = this;
    uv_poll_start(&listener_, UV_READABLE, [](uv_poll_t* handle, int, int) {
      static_cast<FixtureServer*>(handle->data)->accept_all();
    });
    return ntohs(address.sin_port);
  }

  // Drains, then stops the loop.
  void stop(Close why = Close::draining) {
    uv_close(reinterpret_cast<uv_handle_t*>(&listener_), nullptr);
    ::close(listen_fd_);
    sockets_.drain(why, [this] { loop_.stop(); });
  }

  Hub& hub() { return hub_; }
  SocketServer& sockets() { return sockets_; }
  edge::Caller caller;  // of every connection

 private:
  struct Pending {
    uv_poll_t poll;
    FixtureServer* server;
    int fd;
    std::string head;
  };

  void accept_all() {
    for (;;) {
      const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* pending = new Pending{{}, this, fd, {}};
      uv_poll_init(loop_.raw(), &pending->poll, fd);
      pending->poll.data = pending;
      uv_poll_start(&pending->poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
        auto* self = static_cast<Pending*>(handle->data);
        self->server->read_head(*self);
      });
    }
  }

  void read_head(Pending& pending) {
    char buffer[4096];
    const ssize_t size = read(pending.fd, buffer, sizeof buffer);
    if (size > 0) pending.head.append(buffer, static_cast<size_t>(size));
    const bool complete = pending.head.find("\r\n\r\n") != std::string::npos;
    if (!complete && size > 0) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&pending.poll), [](uv_handle_t* handle) {
      const std::unique_ptr<Pending> self(static_cast<Pending*>(handle->data));
      self->server->hand_over(*self);
    });
  }

  void hand_over(Pending& pending) {
    const std::string& head = pending.head;
    const size_t end = head.find("\r\n\r\n");
    size_t key = head.find("Sec-WebSocket-Key: ");
    if (key == std::string::npos) key = head.find("sec-websocket-key: ");
    if (end == std::string::npos || key == std::string::npos) {
      ::close(pending.fd);
      return;
    }
    SessionInfo info;
    key += 19;
    info.key = head.substr(key, head.find('\r', key) - key);
    info.vsn = head.find("vsn=2.0.0") != std::string::npos ? Vsn::v2 : Vsn::v1;
    info.caller = callers_.share(caller);
    http::DetachedSocket detached;
    detached.fd = pending.fd;
    detached.unread = head.substr(end + 4);
    sockets_.adopt(std::move(detached), std::move(info));
  }

  Loop& loop_;
  Hub hub_;
  SocketServer sockets_;
  edge::CallerShelf callers_;
  int listen_fd_ = -1;
  uv_poll_t listener_{};
};

}  // namespace chatpad::realtime::testing

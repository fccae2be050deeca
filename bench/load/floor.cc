// The floor under a broadcast: no websocket server at all, but what every one of them has to ask
// the kernel for: one send() per subscriber and read, with bytes that are ready. `floor PORT BYTES`
// answers any handshake, then sends, for every message of BYTES bytes that it reads, as many bytes
// to all other sockets.
#include "bench/load/websocket.h"

namespace {

struct Peer {
  int fd;
  bool open;
  size_t read = 0;  // bytes of messages not yet whole
};

void greet(Peer& peer) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  peer.open = true;
  load::write_all(peer.fd, kAnswer);
}

void send_others(const std::vector<Peer*>& peers, const Peer* from, std::string_view bytes) {
  for (const Peer* peer : peers) {
    if (peer == from) continue;
    if (send(peer->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      load::fail("send");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  load::allow_files();
  const auto out_bytes = static_cast<size_t>(std::atol(argv[2]));
  const size_t in_bytes = out_bytes + 4;  // a mask
  const int listener = load::listen_on(std::atoi(argv[1]));
  const int on = 1;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{EPOLLIN, {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &interest);

  std::vector<Peer*> peers;
  std::vector<char> buffer(1 << 18);
  const std::string bytes(64 * out_bytes, 'x');
  epoll_event events[256];
  for (;;) {
    const int n = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < n; ++i) {
      auto* peer = static_cast<Peer*>(events[i].data.ptr);
      if (!peer) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        peers.push_back(new Peer{fd, false});
        epoll_event readable{EPOLLIN, {.ptr = peers.back()}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable);
        continue;
      }
      const ssize_t size = read(peer->fd, buffer.data(), buffer.size());
      if (size <= 0) {
        close(peer->fd);
        std::erase(peers, peer);
        delete peer;
      } else if (!peer->open) {
        greet(*peer);
      } else {
        peer->read += static_cast<size_t>(size);
        const size_t whole = std::min<size_t>(peer->read / in_bytes, 64);
        peer->read -= whole * in_bytes;
        if (whole > 0)
          send_others(peers, peer, std::string_view(bytes).substr(0, whole * out_bytes));
      }
    }
  }
}

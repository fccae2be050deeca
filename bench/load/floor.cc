// The floor under a broadcast: no websocket server at all, but what every one of them has to ask
// the kernel for: one send() per subscriber and read, with bytes that are ready. `floor PORT BYTES`
// answers any handshake, then sends, for every message of BYTES bytes that it reads, as many bytes
// to all other sockets. `floor PORT BYTES ring` hands all sends of a read to io_uring in one call,
// which saves entering the kernel for each; exit code 3 where the kernel has or allows none.
#include <liburing.h>

#include <memory>

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

// How bytes reach all peers but one.
class Sender {
 public:
  Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  virtual ~Sender() = default;

  virtual void add(int) {}
  virtual void remove(int) {}
  virtual void send_others(const std::vector<Peer*>& peers, const Peer* from,
                           std::string_view bytes) = 0;
};

class Calls : public Sender {
 public:
  void send_others(const std::vector<Peer*>& peers, const Peer* from,
                   std::string_view bytes) override {
    for (const Peer* peer : peers) {
      if (peer == from) continue;
      if (send(peer->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        load::fail("send");
      }
    }
  }
};

// The cheapest way there is: registered files, no wakeup of the submitter, and no completion of a
// send that went well.
class Ring : public Sender {
 public:
  Ring() {
    io_uring_params params{};
    params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    params.cq_entries = 2 * kEntries;
    if (io_uring_queue_init_params(kEntries, &ring_, &params) != 0) std::exit(3);
    if (io_uring_register_files_sparse(&ring_, kEntries) != 0) std::exit(3);
  }
  ~Ring() override { io_uring_queue_exit(&ring_); }

  void add(int fd) override { set_file(fd, fd); }
  void remove(int fd) override { set_file(fd, -1); }

  void send_others(const std::vector<Peer*>& peers, const Peer* from,
                   std::string_view bytes) override {
    for (const Peer* peer : peers) {
      if (peer == from) continue;
      io_uring_sqe* entry = io_uring_get_sqe(&ring_);
      if (!entry) load::fail("io_uring_get_sqe");
      io_uring_prep_send(entry, peer->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    }
    io_uring_submit(&ring_);
    io_uring_cqe* failed = nullptr;
    if (io_uring_peek_cqe(&ring_, &failed) == 0) load::fail("send");
  }

 private:
  static constexpr unsigned kEntries = 4096;  // most sockets, and their numbers

  void set_file(int fd, int file) {
    if (io_uring_register_files_update(&ring_, static_cast<unsigned>(fd), &file, 1) != 1) {
      load::fail("io_uring_register_files_update");
    }
  }

  io_uring ring_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return 2;
  load::allow_files();
  std::unique_ptr<Sender> sender;
  if (argc == 4) {
    sender = std::make_unique<Ring>();
  } else {
    sender = std::make_unique<Calls>();
  }
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
        sender->add(fd);
        epoll_event readable{EPOLLIN, {.ptr = peers.back()}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable);
        continue;
      }
      const ssize_t size = read(peer->fd, buffer.data(), buffer.size());
      if (size <= 0) {
        sender->remove(peer->fd);
        close(peer->fd);
        std::erase(peers, peer);
        delete peer;
      } else if (!peer->open) {
        greet(*peer);
      } else {
        peer->read += static_cast<size_t>(size);
        const size_t whole = std::min<size_t>(peer->read / in_bytes, 64);
        peer->read -= whole * in_bytes;
        if (whole > 0) {
          sender->send_others(peers, peer, std::string_view(bytes).substr(0, whole * out_bytes));
        }
      }
    }
  }
}

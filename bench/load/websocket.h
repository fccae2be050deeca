// What the load generators share: websocket clients on loopback, many of them, with source
// addresses 127.0.0.x so that ports suffice, and what /proc says about the server.
//
// Blocking until the socket is open, non-blocking afterwards. Any failure ends the program with a
// sentence: a load generator that goes on with fewer sockets measures something else.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace load {

// Few: connect() looks through all ephemeral ports in turn for a free one, and that would be most
// of what a connection costs once half of them are taken.
constexpr int kSocketsPerAddress = 2'000;

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

inline double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline uint64_t now_us() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

// A client's frame. A zero mask leaves the payload as it is.
inline std::string masked(uint8_t opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xff);
  }
  frame.append(4, '\0');
  return frame.append(payload);
}

// A broadcast as clients of vsn 2.0.0 send it (binary kind 3, no refs, JSON).
inline std::string push_frame(std::string_view topic, std::string_view event,
                              std::string_view json) {
  std::string push("\x03\x00\x00", 3);
  push += static_cast<char>(topic.size());
  push += static_cast<char>(event.size());
  push.append("\0\1", 2);
  return masked(2, push.append(topic).append(event).append(json));
}

// Bytes of the frame that carries it to subscribers (kind 4).
inline size_t delivery_bytes(std::string_view topic, std::string_view event,
                             std::string_view json) {
  const size_t size = 5 + topic.size() + event.size() + json.size();
  return size + (size < 126 ? 2 : 4);
}

inline std::string upgrade_request(std::string_view path) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

inline void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
    if (n < 0 && errno != EAGAIN && errno != EINTR) fail("write");
  }
}

// A listener on loopback.
inline int listen_on(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (listen(listener, 1024) != 0) fail("listen");
  return listener;
}

// Begins to connect; `number` chooses the source address.
inline int begin_connect(int port, int number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + static_cast<uint32_t>(number / kSocketsPerAddress));
  if (bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) fail("bind");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  if (result != 0 && errno != EINPROGRESS) fail("connect");
  return fd;
}

// Shares of the server that do not depend on how long something took.
inline double cpu_seconds(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.empty()) fail("the server is gone");
  text = text.substr(text.rfind(')') + 2);
  unsigned long user = 0, system = 0;
  std::sscanf(text.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

inline long resident_kib(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::atol(line.c_str() + 6);
  }
  fail("the server is gone");
}

inline double own_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

inline void allow_files() {
  const rlimit files{20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
}

// Opens sockets, `window` of them at a time, each with its first words, and tells how fast.
// A socket is open when the server has said `answers` frames after its handshake.
class Opening {
 public:
  // `path` and `hello` (frames to send once the handshake is answered) of socket i.
  using Text = std::string (*)(int i, const void* with);
  Opening(int port, int count, int window, const void* with, Text path, Text hello)
      : port_(port), count_(count), window_(window), with_(with), path_(path), hello_(hello) {}

  // Descriptors in order. Ends the program when a socket is refused or a join fails.
  std::vector<int> run(int answers) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    sockets_.resize(static_cast<size_t>(count_));
    const double from = now_s();
    while (started_ < std::min(window_, count_)) start();
    std::vector<epoll_event> events(512);
    int idle_rounds = 0;
    while (done_ < count_) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
      idle_rounds = n == 0 ? idle_rounds + 1 : 0;
      if (idle_rounds > 60) fail("the server stopped answering");
      for (int i = 0; i < n; ++i) on_event(events[static_cast<size_t>(i)].data.u32, answers);
    }
    took_s = now_s() - from;
    close(epoll_);
    std::vector<int> fds;
    for (const One& one : sockets_) fds.push_back(one.fd);
    return fds;
  }

  double took_s = 0;

 private:
  struct One {
    int fd = -1;
    int step = 0;  // 0 connecting, 1 handshake sent, 2 waiting for frames
    std::string received;
  };

  void start() {
    const auto i = static_cast<uint32_t>(started_++);
    sockets_[i].fd = begin_connect(port_, static_cast<int>(i));
    epoll_event interest{EPOLLOUT, {.u32 = i}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, sockets_[i].fd, &interest);
  }

  void on_event(uint32_t i, int answers) {
    One& one = sockets_[i];
    if (one.step == 0) {
      write_all(one.fd, upgrade_request(path_(static_cast<int>(i), with_)));
      one.step = 1;
      epoll_event interest{EPOLLIN, {.u32 = i}};
      epoll_ctl(epoll_, EPOLL_CTL_MOD, one.fd, &interest);
      return;
    }
    char buffer[8192];
    const ssize_t size = read(one.fd, buffer, sizeof buffer);
    if (size <= 0 && errno == EAGAIN) return;
    if (size <= 0) fail("the server closed a socket");
    one.received.append(buffer, static_cast<size_t>(size));
    if (one.step == 1) {
      const size_t end = one.received.find("\r\n\r\n");
      if (end == std::string::npos) return;
      if (one.received.rfind("HTTP/1.1 101", 0) != 0) {
        std::fprintf(stderr, "%s\n", one.received.c_str());
        std::exit(1);
      }
      one.received.erase(0, end + 4);
      one.step = 2;
      const std::string words = hello_ ? hello_(static_cast<int>(i), with_) : std::string();
      if (!words.empty()) write_all(one.fd, words);
    }
    if (frames(one.received) < answers) return;
    if (one.received.find("\"status\":\"error\"") != std::string::npos) {
      std::fprintf(stderr, "refused: %s\n", one.received.c_str());
      std::exit(1);
    }
    std::string().swap(one.received);
    epoll_ctl(epoll_, EPOLL_CTL_DEL, one.fd, nullptr);
    ++done_;
    if (started_ < count_) start();
  }

  static int frames(const std::string& bytes) {
    size_t at = 0;
    int count = 0;
    while (at + 2 <= bytes.size()) {
      size_t size = static_cast<uint8_t>(bytes[at + 1]);
      size_t head = 2;
      if (size == 126) {
        if (at + 4 > bytes.size()) break;
        size = static_cast<size_t>(static_cast<uint8_t>(bytes[at + 2])) << 8 |
               static_cast<uint8_t>(bytes[at + 3]);
        head = 4;
      }
      if (at + head + size > bytes.size()) break;
      at += head + size;
      ++count;
    }
    return count;
  }

  const int port_, count_, window_;
  const void* const with_;
  const Text path_, hello_;
  int epoll_ = -1;
  int started_ = 0, done_ = 0;
  std::vector<One> sockets_;
};

}  // namespace load

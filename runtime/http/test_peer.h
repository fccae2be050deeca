// For the tests of this room: a client that sends raw bytes and reads with patience.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "runtime/base/check.h"
#include "runtime/http/server.h"

namespace chatpad::http {

constexpr int kPatienceMs = 10'000;  // a test waits this long for what must come

// A raw TCP client. Reads have a limit in time, so a broken server fails a test and never hangs it.
class Peer {
 public:
  explicit Peer(uint16_t port, int receive_buffer_bytes = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
          "the test server takes connections");
  }
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // False when the server has closed; never blocks longer than the patience.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd ready{fd_, POLLOUT, 0};
      if (::poll(&ready, 1, kPatienceMs) <= 0) return false;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) continue;
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // Reads until `enough` bytes are there or the server closes; returns everything unread so far.
  std::string read_some(int patience_ms = kPatienceMs) {
    char bytes[65536];
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, patience_ms) <= 0) return {};
    const ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) {
      ended_ = true;
      reset_ = n < 0;
      return {};
    }
    return std::string(bytes, static_cast<size_t>(n));
  }
  std::string read_until(std::string_view mark) {
    while (unread_.find(mark) == std::string::npos) {
      const std::string more = read_some();
      if (more.empty()) return std::exchange(unread_, {});
      unread_ += more;
    }
    const size_t end = unread_.find(mark) + mark.size();
    std::string result = unread_.substr(0, end);
    unread_.erase(0, end);
    return result;
  }
  std::string read_bytes(size_t count) {
    while (unread_.size() < count) {
      const std::string more = read_some();
      if (more.empty()) break;
      unread_ += more;
    }
    std::string result = unread_.substr(0, count);
    unread_.erase(0, result.size());
    return result;
  }
  std::string read_to_end() {
    std::string all = std::exchange(unread_, {});
    while (!ended_) {
      const std::string more = read_some();
      if (more.empty()) break;
      all += more;
    }
    return all;
  }
  // One reply with a Content-Length (or none): head and body.
  std::string read_reply() {
    std::string reply = read_until("\r\n\r\n");
    const size_t at = reply.find("Content-Length: ");
    if (at == std::string::npos) return reply;
    return reply + read_bytes(std::stoul(reply.substr(at + 16)));
  }
  std::string ask(std::string_view bytes) {
    send(bytes);
    return read_reply();
  }
  // True when the server closes without sending anything more.
  bool closed_by_server() {
    const std::string rest = read_to_end();
    return ended_ && rest.empty();
  }
  bool was_reset() const { return reset_; }
  void half_close() { shutdown(fd_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  bool ended_ = false;
  bool reset_ = false;
  std::string unread_;
};

inline std::string get(std::string_view target, std::string_view headers = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(headers) +
         "\r\n";
}
inline std::string post(std::string_view target, std::string_view body,
                        std::string_view headers = "") {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace chatpad::http

#include "runtime/isolation_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace chatpad::isolation {
namespace {

constexpr int kAnswerMs = 30'000;
constexpr size_t kReadBytes = 64 * 1024;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return text;
}

std::string header(const std::string& head, std::string_view name) {
  const std::string all = lower(head);
  const size_t at = all.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return "";
  const size_t start = all.find_first_not_of(' ', at + name.size() + 3);
  return all.substr(start, all.find("\r\n", start) - start);
}

}  // namespace

bool HttpClient::connect() {
  close();
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) close();
  const int on = 1;
  if (fd_ >= 0) ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd_ >= 0;
}

void HttpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  input_.clear();
}

bool HttpClient::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::read_more(int wait_ms) {
  pollfd waiting{fd_, POLLIN, 0};
  if (::poll(&waiting, 1, wait_ms) <= 0) return false;
  std::string bytes(kReadBytes, '\0');
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  input_.append(bytes, 0, static_cast<size_t>(got));
  return true;
}

std::optional<std::string> HttpClient::take(size_t bytes) {
  while (input_.size() < bytes) {
    if (!read_more(kAnswerMs)) return std::nullopt;
  }
  std::string taken = input_.substr(0, bytes);
  input_.erase(0, bytes);
  return taken;
}

bool HttpClient::read_body(HttpAnswer& answer) {
  if (header(answer.head, "transfer-encoding") == "chunked") {
    for (;;) {
      size_t end;
      while ((end = input_.find("\r\n")) == std::string::npos) {
        if (!read_more(kAnswerMs)) return false;
      }
      size_t size = 0;
      std::from_chars(input_.data(), input_.data() + end, size, 16);
      input_.erase(0, end + 2);
      const auto piece = take(size + 2);
      if (!piece) return false;
      if (size == 0) return true;
      answer.body.append(*piece, 0, size);
    }
  }
  const std::string length = header(answer.head, "content-length");
  size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  const auto body = take(size);
  if (body) answer.body = *body;
  return body.has_value();
}

std::optional<HttpAnswer> HttpClient::exchange(const HttpAsk& ask) {
  std::string text = ask.method + " " + ask.target +
                     " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n" + ask.headers;
  if (!ask.body.empty() || ask.method == "POST") {
    text += "Content-Length: " + std::to_string(ask.body.size()) + "\r\n";
  }
  if (!ask.body.empty()) text += "Content-Type: application/json\r\n";
  if (!write(text + "\r\n" + ask.body)) return std::nullopt;
  HttpAnswer answer;
  size_t end;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(kAnswerMs)) return std::nullopt;
  }
  answer.head = input_.substr(0, end + 2);
  input_.erase(0, end + 4);
  answer.status = answer.head.size() > 12 ? std::atoi(answer.head.c_str() + 9) : 0;
  const bool bodyless =
      ask.method == "HEAD" || answer.status == 204 || answer.status == 304 || answer.status == 101;
  if (!bodyless && !read_body(answer)) return std::nullopt;
  if (header(answer.head, "connection") == "close") close();
  return answer;
}

std::optional<HttpAnswer> HttpClient::send(const HttpAsk& ask) {
  const bool kept = fd_ >= 0;
  if (!kept && !connect()) return std::nullopt;
  auto answer = exchange(ask);
  if (!answer && kept && connect()) answer = exchange(ask);
  if (!answer) close();
  return answer;
}

bool HttpClient::upgrade(const std::string& target) {
  const auto answer = send({"GET", target,
                            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
                            "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                            ""});
  return answer && answer->status == 101;
}

// RFC 6455, 5.2: one masked text frame. The mask is no secret here.
void HttpClient::send_text(std::string_view text) {
  std::string frame("\x81");
  if (text.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | text.size()));
  } else {
    frame.push_back(static_cast<char>(0x80 | 126));
    frame.push_back(static_cast<char>(text.size() >> 8));
    frame.push_back(static_cast<char>(text.size() & 0xff));
  }
  const std::string_view mask = "\x11\x22\x33\x44";
  frame.append(mask);
  for (size_t i = 0; i < text.size(); ++i) {
    frame.push_back(static_cast<char>(text[i] ^ mask[i % mask.size()]));
  }
  write(frame);
}

std::optional<std::string> HttpClient::receive_text(int wait_ms) {
  for (;;) {
    while (input_.size() < 2) {
      if (!read_more(wait_ms)) return std::nullopt;
    }
    const auto opcode = static_cast<uint8_t>(input_[0]) & 0x0f;
    size_t size = static_cast<uint8_t>(input_[1]) & 0x7f;
    size_t head = 2;
    const size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    while (input_.size() < head + more) {
      if (!read_more(wait_ms)) return std::nullopt;
    }
    if (more > 0) {
      size = 0;
      for (size_t i = 0; i < more; ++i) {
        size = size << 8 | static_cast<uint8_t>(input_[head + i]);
      }
    }
    head += more;
    const auto frame = take(head + size);
    if (!frame || opcode == 8) return std::nullopt;
    if (opcode == 1) return frame->substr(head);
  }
}

}  // namespace chatpad::isolation

// A small HTTP/1.1 and websocket client for `chatpad verify-isolation`: blocking, one connection,
// to loopback only. It reads what our own server writes (a length, chunks, or the end) and nothing
// more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatpad::isolation {

struct HttpAsk {
  std::string method;
  std::string target;
  std::string headers;  // "Name: value\r\n" lines
  std::string body;
};

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(uint16_t port) : port_(port) {}
  ~HttpClient() { close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // nullopt when the server could not be reached or closed in the middle of an answer. A connection
  // that was kept alive and has gone meanwhile is opened again, once.
  std::optional<HttpAnswer> send(const HttpAsk& ask);

  // A websocket at `target`; false when it is refused. Then text frames both ways.
  bool upgrade(const std::string& target);
  void send_text(std::string_view text);
  // The next text frame; nullopt after `wait_ms` without one, or when the server closed.
  std::optional<std::string> receive_text(int wait_ms);

 private:
  bool connect();
  void close();
  bool write(std::string_view bytes);
  bool read_more(int wait_ms);
  std::optional<HttpAnswer> exchange(const HttpAsk& ask);
  bool read_body(HttpAnswer& answer);
  std::optional<std::string> take(size_t bytes);

  uint16_t port_;
  int fd_ = -1;
  std::string input_;
};

}  // namespace chatpad::isolation

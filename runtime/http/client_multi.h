// ClientMulti: one curl multi handle on one loop; Transfer: one request of it. Internal to
// runtime/http.
//
// No coroutine is ever resumed from inside libcurl, where a transfer must not be removed: whoever
// has news is put on a list that is gone through at the end of the turn.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/http/client.h"

namespace chatpad::http {

class ClientMulti : public std::enable_shared_from_this<ClientMulti> {
 public:
  ClientMulti(Loop& loop, ClientOptions options);
  ~ClientMulti();
  ClientMulti(const ClientMulti&) = delete;
  ClientMulti& operator=(const ClientMulti&) = delete;

  void add(Transfer& transfer);
  void remove(Transfer& transfer);
  void wake_at_turn_end(const std::shared_ptr<Transfer>& transfer);

  Loop& loop;
  const ClientOptions options;
  size_t running = 0;

 private:
  struct Socket {
    uv_poll_t poll;
    ClientMulti* multi;
    curl_socket_t fd;
  };
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int on_timeout(CURLM* multi, long timeout_ms, void* self);
  void watch(curl_socket_t fd, int what, Socket* socket);
  void unwatch(Socket* socket);
  void act(curl_socket_t fd, int events);
  void collect_done();
  void wake();

  CURLM* multi_;
  Timer timer_;
  std::set<Socket*> sockets_;
  std::vector<std::weak_ptr<Transfer>> news_;
};

class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  static constexpr size_t kHeaderBytesMax = 64 * 1024;

  Transfer(std::shared_ptr<ClientMulti> multi, ClientRequest request);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void start();
  // Ends it in whatever state; nobody is woken.
  void abort();
  void finish(CURLcode result);
  CURL* easy() const { return easy_; }

  bool head_complete() const { return head_complete_ || done_; }
  bool has_chunk() const { return !buffer_.empty() || done_; }
  ResponseHead take_head();
  std::optional<std::string> take_chunk();

  std::coroutine_handle<> waiter;
  bool waiter_wants_chunk = false;
  bool waiter_ready() const {
    return waiter && (waiter_wants_chunk ? has_chunk() : head_complete());
  }

 private:
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  void configure();
  void add_headers();
  void stand_in_for_dns();
  bool take_header_line(std::string_view line);
  size_t take_body(std::string_view bytes);
  void news();
  void fail(Errc errc, std::string why);
  void watch_clock();
  void release();

  std::shared_ptr<ClientMulti> multi_;
  ClientRequest request_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  curl_slist* resolved_ = nullptr;
  ResponseHead head_;
  std::string buffer_;
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;
  bool head_complete_ = false;
  bool paused_ = false;
  bool done_ = false;
  std::optional<Error> error_;
  std::optional<Error> refused_;  // one address of several, perhaps
  Timer clock_;
  uint64_t began_ms_ = 0;
  uint64_t last_byte_ms_ = 0;
  char curl_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace chatpad::http

// HTTP client of one loop, for services the operator has configured (AI providers, webhooks relays,
// object storage): libcurl's multi interface driven by the loop, with deadlines, limits and
// back-pressure.
//
//   ClientRequest request;  request.url = ...;
//   Response response = co_await fetch(client, std::move(request));
//
//   Stream stream(client, std::move(request));
//   ResponseHead head = co_await stream.head();
//   std::optional<std::string> chunk = co_await stream.next_chunk();   // nullopt: the end
//
// It does not: follow redirects, keep cookies, read proxy variables or .netrc, speak anything but
// http and https. It is not for URLs that tenants type in: those go through safe_fetch.h, which has
// a Client of its own, so that connections are never shared between the two.
//
// Destroying a Stream, or the task that awaits it, ends the transfer and closes its connection. A
// Client outlives its streams. Errors, raised by the awaits: upstream_failed (connection, TLS,
// broken or too large answer), deadline_exceeded (connect_ms, idle_ms, total_ms), overloaded
// (transfers_max), validation_failed (address_allowed refused where the name leads).
// A status of 400 or more is an answer, not an error.
#pragma once

#include <sys/socket.h>

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/coro/task.h"
#include "runtime/loop/loop.h"

namespace chatpad::http {

struct ClientOptions {
  size_t transfers_max = 512;  // running at once -> overloaded
  long connections_max = 256;  // open at once; further transfers wait for one
  long connections_per_host_max = 64;
  // Asked with every address before it is connected to; false refuses it. Unset: all are allowed.
  std::function<bool(const sockaddr& address)> address_allowed;
  // For tests: stands in for DNS. The addresses of a name, comma separated; asked at each request.
  std::function<std::string(const std::string& host)> resolve;
  std::string ca_file;  // unset: the system's certificates
};

enum class Compression : uint8_t { none, accept };

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  uint64_t connect_ms = 5'000;
  uint64_t idle_ms = 30'000;  // without a byte from the other side, while we want some
  uint64_t total_ms = 120'000;
  size_t response_bytes_max = 8 * 1024 * 1024;  // after decompression
  size_t buffer_bytes_max = 64 * 1024;  // received and not taken: above it the transfer pauses
  Compression compression = Compression::none;
};

struct ResponseHeader {
  std::string name;  // lower case
  std::string value;
};

struct ResponseHead {
  int status = 0;
  std::vector<ResponseHeader> headers;
  // First value of the header (name in lower case), empty when absent.
  std::string_view header(std::string_view name) const;
};

struct Response {
  ResponseHead head;
  std::string body;
};

class ClientMulti;
class Transfer;

class Client {
 public:
  Client(Loop& loop, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Loop& loop();
  size_t transfers() const;

 private:
  friend class Stream;
  std::shared_ptr<ClientMulti> multi_;
};

class Stream {
 public:
  // Starts the transfer. Raises overloaded; everything else comes out of the awaits.
  Stream(Client& client, ClientRequest request);
  ~Stream();
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) = delete;

  class Waiter {
   public:
    explicit Waiter(std::shared_ptr<Transfer> transfer) : transfer_(std::move(transfer)) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

   protected:
    enum class Wanted : uint8_t { head, chunk };
    void wait(std::coroutine_handle<> awaiting, Wanted wanted);
    std::shared_ptr<Transfer> transfer_;
    bool waiting_ = false;
  };
  class HeadAwaiter : public Waiter {
   public:
    using Waiter::Waiter;
    bool await_ready() const;
    void await_suspend(std::coroutine_handle<> awaiting);
    ResponseHead await_resume();
  };
  class ChunkAwaiter : public Waiter {
   public:
    using Waiter::Waiter;
    bool await_ready() const;
    void await_suspend(std::coroutine_handle<> awaiting);
    std::optional<std::string> await_resume();
  };
  HeadAwaiter head() { return HeadAwaiter(transfer_); }
  ChunkAwaiter next_chunk() { return ChunkAwaiter(transfer_); }

 private:
  std::shared_ptr<Transfer> transfer_;
};

Task<Response> fetch(Client& client, ClientRequest request);

}  // namespace chatpad::http

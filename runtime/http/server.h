// HTTP/1.1 server of one loop (RFC 9110, RFC 9112): llhttp in strict mode over raw sockets.
//
// It does: keep-alive, pipelining (answered one after the other, in order), Content-Length and
// chunked bodies, Expect: 100-continue, HEAD, streaming replies with back-pressure, limits on
// everything, graceful drain, and handing a socket over for websockets.
// It does not: TLS, HTTP/2, compression, routing, CORS. Upgrade to h2c is never answered.
//
// An Acceptor deals accepted sockets round-robin to the servers of all loops; `Server::adopt` takes
// one over.
//
// One Exchange is one request with its reply. The server calls the Handler from the loop:
//   on_head()     the header is complete and valid. Say how large a body may be, or reply at once.
//   on_request()  the body is complete. Reply now or later, exactly once, through the Exchange.
// An Attachment put on the Exchange is destroyed, from the loop's own stack, when the reply is
// complete or the client is gone, whichever comes first: that is how a client that leaves cancels
// its request. A reset, or a failed write, is gone; a client that has only shut down its sending
// side (which looks the same as a plain close until something is sent) still gets its reply.
//
// A request the server cannot accept never reaches on_request: it is refused with an Errc's code
// (bad_request, bad_content_length, method_not_allowed, request_timeout, payload_too_large,
// uri_too_long, unsupported_media_type, headers_too_large, draining) and its connection closes.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/loop/loop.h"

namespace chatpad::http {

struct ServerLimits {
  size_t header_bytes_max = 16 * 1024;  // request line and headers -> 431 (414 for the line alone)
  size_t header_count_max = 100;        // -> 431
  size_t target_bytes_max = 8 * 1024;   // -> 414
  uint64_t header_ms = 10'000;          // from the first byte -> 408
  uint64_t body_ms = 30'000;            // absolute, from the end of the header -> 408
  uint64_t idle_ms = 60'000;            // keep-alive without a request -> closed
  uint64_t first_byte_ms = 10'000;      // after accept -> closed
  uint64_t write_stall_ms = 30'000;     // no progress while we have bytes to send -> closed
  size_t connections_max = 16'384;      // per loop; accept pauses above it
  size_t output_high_bytes = 256 * 1024;      // Exchange::write says false above it
  size_t output_max_bytes = 4 * 1024 * 1024;  // streaming beyond it closes the connection
  size_t pipeline_bytes_max = 64 * 1024;  // unread pipelined input kept while a reply is pending
};

enum class Method : uint8_t { get, head, post, put, patch, del, options, other };
std::string_view method_name(Method method);

// Views into the connection's buffers: valid until the Exchange ends.
struct Header {
  std::string_view name;  // lower case
  std::string_view value;
};

struct Request {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;  // as received
  std::string_view path;    // before '?', still percent-encoded
  std::string_view query;   // after '?', may be empty
  std::vector<Header> headers;
  std::string_view body;
  std::string_view peer;  // textual address of the socket's peer
  bool http_1_0 = false;
  bool keep_alive = true;
  bool wants_upgrade = false;  // `Upgrade: websocket` and `Connection: upgrade` were both present

  // First value of the header (name in lower case), empty when absent.
  std::string_view header(std::string_view name) const;
};

struct Attachment {
  virtual ~Attachment() = default;
};

// What a socket leaves behind when it changes protocol.
struct DetachedSocket {
  int fd = -1;
  std::string unread;  // bytes received after the upgrade request
};

class Exchange {
 public:
  virtual const Request& request() const = 0;
  virtual Loop& loop() = 0;

  // Complete reply in one write. `headers` is zero or more "Name: value\r\n"; the server adds Date,
  // Content-Length and Connection. For HEAD the body is measured, not sent. 204 and 304 have none.
  virtual void reply(int status, std::string_view headers, std::string_view body) = 0;
  // The same, and the connection closes after it.
  virtual void reply_and_close(int status, std::string_view headers, std::string_view body) = 0;

  // Streaming reply: chunked (close-delimited for HTTP/1.0). write() is true while the client keeps
  // up; when false, wait for drained() before writing more.
  virtual void start_stream(int status, std::string_view headers) = 0;
  virtual bool write(std::string_view bytes) = 0;
  virtual void finish_stream() = 0;
  // Calls `fn` once, from the loop, when output is below the mark again. Dropped with the client.
  virtual void when_drained(std::function<void()> fn) = 0;
  // Number of body bytes accepted so far for this reply, and the status; for metrics and the log.
  virtual int status() const = 0;
  virtual bool replied() const = 0;

  virtual void attach(std::unique_ptr<Attachment> attachment) = 0;
  virtual Attachment* attachment() = 0;

  // Takes the socket out of the server (websocket upgrade), in on_request or later. The Exchange is
  // over afterwards; its Request and Attachment last to the end of the turn. fd is -1 when the
  // client is gone.
  virtual DetachedSocket detach() = 0;

 protected:
  ~Exchange() = default;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // Returns the largest body accepted, in bytes; larger ones get 413. May reply instead.
  virtual size_t on_head(Exchange& exchange) = 0;
  virtual void on_request(Exchange& exchange) = 0;
  // The server itself refuses a request (bad syntax, limit, timeout): the handler words the reply
  // so that it looks like every other error. `code` is an Errc's code. Returns headers and body.
  struct Refusal {
    std::string headers;
    std::string body;
  };
  virtual Refusal on_refused(int status, std::string_view code, std::string_view origin) = 0;
};

struct ServerStats {
  size_t connections = 0;
  uint64_t accepted = 0;
  uint64_t requests = 0;
  uint64_t refused = 0;
  uint64_t timeouts = 0;
};

class ServerImpl;

class Server {
 public:
  Server(Loop& loop, ServerLimits limits, Handler& handler);
  // Closes every connection and destroys every Attachment at once; never from a handler's stack.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes over an accepted, non-blocking socket. `peer` is its textual address.
  void adopt(int fd, std::string peer);
  // True when the server takes more connections (below connections_max and not draining).
  bool accepting() const;
  // Refuses further requests (503 draining on keep-alive ones, Connection: close), closes idle
  // connections, and calls `done` when none is left or after drain_ms.
  void drain(uint64_t drain_ms, std::function<void()> done);
  ServerStats stats() const;

 private:
  std::unique_ptr<ServerImpl> impl_;
};

// Listens and deals sockets round-robin to the loops' servers: calls `deal(fd, peer)` on the
// acceptor's loop. Accept pauses (no spinning) on EMFILE/ENFILE and while `may_accept` is false.
class Acceptor {
 public:
  // Raises Errc::internal with a public sentence naming the address when it is taken.
  Acceptor(Loop& loop, const std::string& host, uint16_t port,
           std::function<void(int fd, std::string peer)> deal, std::function<bool()> may_accept);
  ~Acceptor();
  uint16_t port() const;
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chatpad::http

// RequestSocket: a websocket each of whose text messages is a request to the HTTP handlers, with
// the text as its body. So a message goes the way of every request: credentials (again, so that a
// revoked key is noticed), rates, the endpoint's deadline, metrics, the access log.
//
// One request at a time; what comes meanwhile waits, kRequestsWaitingMax messages and
// kWaitingBytesMax of them at most, and is refused beyond that. What the handler streams as
// server-sent events goes out as one text message per event: its data, a JSON object, with the
// event's id as `id`. A reply that is no stream is an error: {type: "error", status, ...its body}.
//
// The handler sees method GET, method_text kMessageMethod, and the path and headers of the opening.
// A client that leaves destroys the request under way, as with HTTP. A client that does not read
// is waited for (Exchange::when_drained).
// Owner: the Socket. Limits: below.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/socket/socket_user.h"
#include "runtime/http/server.h"
#include "runtime/loop/loop.h"

namespace chatpad::realtime {

constexpr size_t kRequestsWaitingMax = 8;
constexpr size_t kWaitingBytesMax = 1024 * 1024;
constexpr size_t kUnsentBytesMax = 4 * 1024 * 1024;  // beyond: 1013 slow_reader

// What all requests of one socket have alike.
struct RequestOpening {
  std::string path;
  std::string peer;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
};

class MessageExchange;

class RequestSocket final : public SocketUser {
 public:
  RequestSocket(Loop& loop, http::Handler& handler, Transport& transport, RequestOpening opening);
  ~RequestSocket() override;

  void on_text(std::string_view message) override;
  void on_binary(std::string_view message) override;
  void on_ready() override;
  void close(Close why) override;
  bool closing() const override { return closing_; }
  std::string_view peer() const override { return opening_.peer; }

 private:
  friend class MessageExchange;
  void begin(std::string message);
  void end_later();  // the request under way has been answered
  void end();
  // One text message; true while the client keeps up.
  bool send(std::string_view text);
  void send_error(std::string_view code, std::string_view message);

  Loop& loop_;
  http::Handler& handler_;
  Transport& transport_;
  const RequestOpening opening_;
  std::deque<std::string> waiting_;
  size_t waiting_bytes_ = 0;
  std::string unsent_;  // frames that wait until the transport is ready
  bool closing_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for what is deferred
  std::unique_ptr<MessageExchange> current_;
};

}  // namespace chatpad::realtime

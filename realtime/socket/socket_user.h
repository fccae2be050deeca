// SocketUser: who sits behind an adopted socket and gets its messages: a session of the hub, or
// requests (request_socket.h). Private to realtime/socket but for its maker. Made when the socket
// is established, destroyed with it; never from inside one of its own calls.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "realtime/hub/transport.h"

namespace chatpad::realtime {

class SocketUser {
 public:
  virtual ~SocketUser() = default;
  virtual void on_text(std::string_view message) = 0;  // which is UTF-8
  virtual void on_binary(std::string_view message) = 0;
  virtual void on_ready() = 0;  // Transport::want_ready's answer
  // Ends with Transport::close, at once or behind what it still has to send.
  virtual void close(Close why) = 0;
  virtual bool closing() const = 0;
  virtual std::string_view peer() const = 0;  // for the log
};

using SocketUserMaker = std::function<std::unique_ptr<SocketUser>(Transport& transport)>;

}  // namespace chatpad::realtime

// Transport: what the hub needs of a socket. realtime/socket implements it; tests use a fake one.
#pragma once

#include <string_view>

#include "realtime/protocol/codes.h"

namespace chatpad::realtime {

class Transport {
 public:
  // True when nothing waits below: send() may be called.
  virtual bool ready() const = 0;
  // Takes all bytes, which are whole frames. A failure shows later as the end of the session.
  virtual void send(std::string_view bytes) = 0;
  // Asks for one call of Hub::on_ready when ready() is true again.
  virtual void want_ready() = 0;
  // Sends the close frame behind what was sent; nothing is read or written afterwards. The session
  // is destroyed by the transport, never from inside this call.
  virtual void close(Close why) = 0;

 protected:
  ~Transport() = default;
};

}  // namespace chatpad::realtime

// ControlSocket: the way into the running program for its operator, $CHATPAD_HOME/control.sock.
//
// It speaks HTTP/1.1 over a unix socket that only the program's own user (and root) may open: mode
// 0600 from its first moment on, and the peer's user is asked of the kernel as well. It takes GET
// only and changes nothing:
//
//   GET /realtime?format=text&interval_ms=1000&shown=10    what `chatpad realtime top` shows
//
// A report takes `interval_ms`, because rates come from two looks. Each loop answers for itself;
// one that does not within kAnswerMs is shown as such. Never reachable over the network.
//
// Owned by the Program, on loop 0. Limits: kClientsMax connections, kIntervalMsMax.
// decisions/0011 says why a socket.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "realtime/changes/report.h"
#include "runtime/loop/loop.h"

namespace chatpad {

// Where a home has its socket. Errc::validation_failed with a sentence when the path is longer than
// the 107 bytes that the kernel takes.
Result<std::string> control_path(const std::string& home);

class ControlSocket {
 public:
  static constexpr size_t kClientsMax = 16;
  static constexpr uint64_t kAnswerMs = 1000;
  static constexpr uint64_t kIntervalMsMax = 60'000;

  using Collected = std::function<void(realtime::RealtimeReport)>;
  // Calls back on the same loop, once, after kAnswerMs at the latest.
  using Collect = std::function<void(size_t shown, Collected done)>;

  // Errc::internal with a sentence when the socket cannot be made.
  static Result<std::unique_ptr<ControlSocket>> open(Loop& loop, const std::string& home,
                                                     Collect collect);
  ~ControlSocket();

  struct Impl;

 private:
  explicit ControlSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chatpad

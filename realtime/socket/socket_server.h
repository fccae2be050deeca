// SocketServer: the websockets of one loop. The front door parses and validates the upgrade, then
// hands the bare socket over with adopt(), which answers the handshake. libwebsockets carries the
// bytes (as a raw socket); FrameReader takes apart what comes in, and looks at every frame's
// header. What goes out are the hub's ready-made frames.
//
// It does: reassembly with byte and fragment caps, UTF-8 of text messages, ping and idle policy,
// sockets that never say anything, pongs, close frames, drain. It does not: TLS, compression,
// origins, tokens (the front door), rates and outboxes (the hub). Closing reasons:
// protocol/codes.h. Limits: SocketLimits.
//
// Life: drain() closes every socket and then the lws context, and calls `done`; from then on the
// SocketServer may be destroyed, inside the loop or after it. RLIMIT_NOFILE must be set
// before the first SocketServer is made: lws sizes its tables by it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "realtime/hub/hub.h"
#include "realtime/socket/request_socket.h"
#include "runtime/http/server.h"
#include "runtime/loop/loop.h"

namespace chatpad::realtime {

struct SocketLimits {
  size_t message_bytes_max = kFrameBytesMax;  // -> 1009
  uint32_t fragments_max = 1024;              // wire frames of one message -> 1009
  uint64_t message_ms = 30'000;               // for the pieces of one message -> 1008 slow_message
  size_t gathered_bytes_max = 64 * 1024 * 1024;  // pieces of messages, per loop -> 1009
  uint32_t controls_per_s = 500;                 // pings and pongs of a socket -> 1008
  size_t sockets_max = 18'000;                   // per loop; above it adopt() closes
  uint64_t first_message_ms = 30'000;            // without any message -> 1001 never_joined
  uint64_t ping_ms = 30'000;                     // of silence -> a ping
  uint64_t idle_ms = 60'000;                     // of silence, pongs included -> 1001 idle
  uint64_t close_ms = 1'000;                     // for the peer to answer our close frame
  uint64_t flush_ms = 5'000;                     // the same while our close frame waits to be sent
  uint64_t drain_ms = 4'000;                     // for all of them, then they are cut
};

struct SocketStats {
  size_t sockets = 0;
  uint64_t adopted = 0, refused = 0, closed = 0;
  uint64_t pings = 0;
  std::array<uint64_t, kCloseCount> closes{};  // sent by us, by reason
};

class SocketServerImpl;

class SocketServer {
 public:
  SocketServer(Loop& loop, Hub& hub, SocketLimits limits);
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  // Takes the socket, whatever happens to it. Bytes sent before the handshake was answered are a
  // breach of the protocol and end it.
  void adopt(http::DetachedSocket socket, SessionInfo info);
  // A socket whose messages are requests to `handler`, which outlives it. `key` is its
  // Sec-WebSocket-Key.
  void adopt(http::DetachedSocket socket, const std::string& key, http::Handler& handler,
             RequestOpening opening);
  void drain(Close why, std::function<void()> done);
  // Closes every socket there is; clients come back with what they have by then.
  void send_away(Close why);
  SocketStats stats() const;

 private:
  std::unique_ptr<SocketServerImpl> impl_;
};

}  // namespace chatpad::realtime

// Socket: one adopted connection. Private to realtime/socket.
#pragma once

#include <libwebsockets.h>

#include <memory>
#include <string>

#include "realtime/hub/hub.h"
#include "realtime/socket/mask_guard.h"
#include "realtime/socket/socket_server.h"

namespace chatpad::realtime {

class SocketServerImpl;

class Socket final : public Transport {
 public:
  Socket(SocketServerImpl& server, SessionInfo info)
      : server_(server), info_(std::make_unique<SessionInfo>(std::move(info))) {}

  // Transport
  bool ready() const override;
  void send(std::string_view bytes) override;
  void want_ready() override;
  void close(Close why) override;

  // From the lws callback; the result is the callback's.
  int on_established(lws* wsi);
  int on_receive(std::string_view piece);
  int on_writable();
  int on_peer_close() const { return close_sent_ ? -1 : 0; }
  void on_pong();

  // What came while lws read its fill; read_on() may destroy the socket.
  bool has_unread() const;
  void read_on();

  // Ping and idle policy, called by the server's sweep.
  void sweep(uint64_t now_ms);
  void ask_to_close(Close why);

  lws* wsi = nullptr;
  bool doomed = false;  // to be cut at the end of this turn
  bool heard = false;   // stands among the server's sockets to look at again
  uint32_t index = 0;   // place in the server's list

 private:
  void on_mask(MaskGuard::Verdict verdict);
  void cut();
  void send_behind(std::string_view bytes);
  int on_message(std::string_view message);

  SocketServerImpl& server_;
  std::unique_ptr<SessionInfo> info_;  // until the session is made of it
  std::unique_ptr<Session> session_;
  MaskGuard guard_;
  std::string message_;  // what came of a message in several pieces
  uint64_t opened_ms_ = 0;
  uint64_t heard_ms_ = 0;
  uint64_t close_sent_ms_ = 0;
  uint32_t fragments_ = 0;
  int fd_ = -1;  // of wsi
  bool in_message_ = false;
  bool binary_ = false;
  bool spoke_ = false;
  bool pinged_ = false;
  bool close_sent_ = false;
};

}  // namespace chatpad::realtime

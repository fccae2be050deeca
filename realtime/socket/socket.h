// Socket: one adopted connection. Private to realtime/socket.
#pragma once

#include <libwebsockets.h>

#include <memory>
#include <string>

#include "realtime/hub/transport.h"
#include "realtime/socket/frame_reader.h"
#include "realtime/socket/socket_server.h"
#include "realtime/socket/socket_user.h"

namespace chatpad::realtime {

class SocketServerImpl;

class Socket final : public Transport {
 public:
  Socket(SocketServerImpl& server, SocketUserMaker maker);
  ~Socket();

  // Transport
  bool ready() const override;
  void send(std::string_view bytes) override;
  void want_ready() override;
  void close(Close why) override;

  // From the lws callback; the result is the callback's.
  int on_established(lws* wsi);
  int on_receive(char* bytes, size_t size);  // which are written to
  int on_writable();

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
  void cut();
  void send_behind(std::string_view bytes);
  void take(const FramePiece& piece);
  void on_piece(const FramePiece& piece);
  void on_control(const FramePiece& piece);
  void on_peer_close(std::string_view payload);
  void on_message(MessageType type, std::string_view message);
  void drop_gathered();

  SocketServerImpl& server_;
  std::unique_ptr<SocketUserMaker> maker_;  // until the user is made by it
  std::unique_ptr<SocketUser> user_;
  FrameReader reader_;
  std::string message_;  // what came of a message in several pieces
  uint64_t opened_ms_ = 0;
  uint64_t heard_ms_ = 0;
  uint64_t close_sent_ms_ = 0;
  int fd_ = -1;  // of wsi
  uint64_t message_since_ms_ = 0;
  uint64_t controls_since_ms_ = 0;
  uint32_t controls_ = 0;  // control frames within the second
  bool ended_ = false;     // to be closed when the callback returns
  bool paused_ = false;    // nothing is read until what was written has gone
  bool spoke_ = false;
  bool pinged_ = false;
  bool close_sent_ = false;
};

}  // namespace chatpad::realtime

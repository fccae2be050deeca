// What stands behind SocketServer. Private to realtime/socket.
#pragma once

#include <libwebsockets.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "realtime/socket/socket.h"
#include "realtime/socket/socket_server.h"

namespace chatpad::realtime {

class SocketServerImpl {
 public:
  SocketServerImpl(Loop& loop, Hub& hub, SocketLimits limits);
  ~SocketServerImpl();

  void adopt(http::DetachedSocket socket, const std::string& key, SocketUserMaker maker);
  void send_away(Close why);
  void drain(Close why, std::function<void()> done);
  size_t sockets_count() const { return sockets_.size(); }
  // Reads the rest of a burst at the end of the turn, before the hub writes.
  void heard(Socket& socket);
  // Cuts the doomed sockets at the end of the turn, outside of every lws callback.
  void cut_later();
  int on_event(lws* wsi, lws_callback_reasons reason, void* in, size_t size);

  Loop& loop;
  Hub& hub;
  const SocketLimits limits;
  SocketStats stats;
  std::string spare_message;  // capacity for the next message that comes in pieces
  size_t gathered_bytes = 0;  // of messages that are not complete, all sockets

 private:
  Socket* socket_of(lws* wsi);
  void forget(Socket& socket);
  void read_on();
  void sweep();
  void arm_sweep();
  void cut_doomed();
  void finish_drain();
  void wait_for_handles(int turns);

  lws_context* context_ = nullptr;
  lws_vhost* vhost_ = nullptr;
  Socket* adopting_ = nullptr;  // its wsi is not known yet
  std::vector<std::unique_ptr<Socket>> sockets_;
  size_t swept_ = 0;  // where the next sweep goes on
  Timer sweep_timer_;
  Timer drain_timer_;
  std::vector<Socket*> heard_;  // null: gone meanwhile
  bool cutting_ = false;
  bool draining_ = false;
  bool finishing_ = false;
  std::function<void()> drained_;
};

}  // namespace chatpad::realtime

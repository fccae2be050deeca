// SocketWatch: a uv_poll on a socket that libpq owns. The handle is closed asynchronously by libuv,
// so it lives on the heap and outlasts this object without calling back.
//
// watch() is for changes only: every uv_poll_start costs two epoll_ctl calls, even for the same
// events. While connecting, libpq may replace the socket; watch() then follows it. Not thread-safe.
#pragma once

#include <uv.h>

#include "runtime/loop/loop.h"

namespace chatpad::pg {

class SocketWatch {
 public:
  // status < 0: libuv has stopped watching because of a socket error.
  using Callback = void (*)(void* owner, int status, int events);

  SocketWatch(Loop& loop, void* owner, Callback callback)
      : loop_(loop), owner_(owner), callback_(callback) {}
  ~SocketWatch() { stop(); }
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  // False when the socket cannot be watched.
  bool watch(int fd, int events);
  // Adds or drops WRITABLE beside READABLE, only when that is a change.
  bool want_writable(int fd, int more);
  // Before libpq closes the socket.
  void stop();

 private:
  Loop& loop_;
  void* owner_;
  Callback callback_;
  uv_poll_t* poll_ = nullptr;
  int fd_ = -1;
  int events_ = 0;
};

}  // namespace chatpad::pg

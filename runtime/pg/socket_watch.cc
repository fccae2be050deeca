#include "runtime/pg/socket_watch.h"

#include <utility>

namespace chatpad::pg {

bool SocketWatch::watch(int fd, int events) {
  if (poll_ && fd != fd_) stop();
  if (!poll_) {
    if (fd < 0) return false;
    poll_ = new uv_poll_t{};
    poll_->data = this;
    fd_ = fd;
    if (uv_poll_init(loop_.raw(), poll_, fd) != 0) {
      delete std::exchange(poll_, nullptr);
      return false;
    }
  }
  events_ = events;
  return uv_poll_start(poll_, events, [](uv_poll_t* handle, int status, int what) {
           auto* self = static_cast<SocketWatch*>(handle->data);
           if (self) self->callback_(self->owner_, status, what);
         }) == 0;
}

bool SocketWatch::want_writable(int fd, int more) {
  const int events = more > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE;
  return events == events_ || watch(fd, events);
}

void SocketWatch::stop() {
  events_ = 0;
  if (!poll_) return;
  poll_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(poll_, nullptr)),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
}

}  // namespace chatpad::pg

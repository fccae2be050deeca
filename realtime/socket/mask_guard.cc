#include "realtime/socket/mask_guard.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace chatpad::realtime {
namespace {

// The socket counts as readable only when this many bytes are there, so that a client that sends a
// single byte makes nothing spin.
void set_low_mark(int fd, int bytes) {
  setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

}  // namespace

bool MaskGuard::start(uv_loop_t* loop, int fd, std::function<void(Verdict)> tell) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return false;
  auto* watch = new Watch();
  if (uv_poll_init(loop, &watch->poll, copy) != 0) {
    ::close(copy);
    delete watch;
    return false;
  }
  watch->fd = copy;
  watch->owner = this;
  watch->poll.data = watch;
  watch_ = watch;
  tell_ = std::move(tell);
  set_low_mark(copy, 2);
  uv_poll_start(&watch->poll, UV_READABLE | UV_DISCONNECT, [](uv_poll_t* handle, int, int) {
    auto* self = static_cast<Watch*>(handle->data);
    if (self->owner) self->owner->on_readable();
  });
  return true;
}

void MaskGuard::on_readable() {
  unsigned char head[2];
  const ssize_t size = recv(watch_->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  Verdict verdict = Verdict::ended;
  if (size == 2) verdict = (head[1] & 0x80) != 0 ? Verdict::masked : Verdict::unmasked;
  const std::function<void(Verdict)> tell = std::move(tell_);
  stop();
  tell(verdict);
}

void MaskGuard::stop() {
  Watch* watch = std::exchange(watch_, nullptr);
  if (!watch) return;
  watch->owner = nullptr;
  set_low_mark(watch->fd, 1);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->poll), [](uv_handle_t* handle) {
    auto* self = static_cast<Watch*>(handle->data);
    ::close(self->fd);
    delete self;
  });
}

}  // namespace chatpad::realtime

#include "realtime/socket/socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "realtime/socket/server_impl.h"
#include "runtime/base/log.h"
#include "runtime/wire/utf8.h"
#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kMessageKeptBytes = 64 * 1024;  // capacity of the server's spare message

}  // namespace

bool Socket::ready() const { return !close_sent_ && !lws_partial_buffered(wsi); }

// What the kernel takes at once goes past lws, whose write costs as much as a tenth of a delivery.
// Nothing of lws waits: the caller asked ready().
void Socket::send(std::string_view bytes) {
  const ssize_t taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken < 0 && errno != EAGAIN && errno != EINTR) return cut();
  if (taken > 0) bytes.remove_prefix(static_cast<size_t>(taken));
  if (!bytes.empty()) send_behind(bytes);
}

// Behind whatever lws still holds. On an established websocket LWS_WRITE_HTTP passes the bytes on
// as they are.
void Socket::send_behind(std::string_view bytes) {
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  if (lws_write(wsi, data, bytes.size(), LWS_WRITE_HTTP) < 0) cut();
}

void Socket::want_ready() { lws_callback_on_writable(wsi); }

void Socket::close(Close why) {
  if (close_sent_) return;
  ++server_.stats.closes[static_cast<size_t>(why)];
  log::Line(why == Close::draining ? LogLevel::debug : LogLevel::info, "realtime_close")
      .field("reason", close_info(why).reason)
      .field("peer", session_ ? std::string_view(session_->peer()) : std::string_view());
  send_behind(close_frame(why));
  close_sent_ = true;
  close_sent_ms_ = server_.loop.now_ms();
}

void Socket::cut() {
  doomed = true;
  server_.cut_later();
}

void Socket::ask_to_close(Close why) {
  if (session_) {
    server_.hub.close(*session_, why);
  } else {
    cut();
  }
}

int Socket::on_established(lws* established) {
  wsi = established;
  opened_ms_ = heard_ms_ = server_.loop.now_ms();
  fd_ = lws_get_socket_fd(wsi);
  session_ = server_.hub.open(*this, std::move(*info_));
  info_.reset();
  lws_rx_flow_control(wsi, 0);
  const bool watched = guard_.start(server_.loop.raw(), fd_,
                                    [this](MaskGuard::Verdict verdict) { on_mask(verdict); });
  return watched ? 0 : -1;
}

void Socket::on_mask(MaskGuard::Verdict verdict) {
  if (verdict == MaskGuard::Verdict::unmasked) return ask_to_close(Close::protocol_error);
  lws_rx_flow_control(wsi, 1);
}

int Socket::on_receive(std::string_view piece) {
  if (!session_ || session_->closing()) return 0;
  heard_ms_ = server_.loop.now_ms();
  pinged_ = false;
  server_.heard(*this);
  const SocketLimits& limits = server_.limits;
  if (!in_message_) {
    in_message_ = true;
    binary_ = lws_frame_is_binary(wsi) != 0;
    fragments_ = 0;
    message_.clear();
  }
  const size_t announced = lws_remaining_packet_payload(wsi);
  const size_t held = message_.size() + piece.size();
  const bool frame_ends = announced == 0;
  if (frame_ends) ++fragments_;
  // Both may be far beyond the limit, so they are not added up before they are compared.
  if (announced > limits.message_bytes_max || held > limits.message_bytes_max - announced ||
      fragments_ > limits.fragments_max) {
    ask_to_close(Close::too_big);
    return 0;
  }
  if (!frame_ends || !lws_is_final_fragment(wsi)) {
    // Idle sockets own no buffer: it goes from one that is receiving to the next.
    if (message_.empty()) message_.swap(server_.spare_message);
    message_.append(piece);
    return 0;
  }
  in_message_ = false;
  if (message_.empty()) return on_message(piece);
  message_.append(piece);
  const int result = on_message(message_);
  std::string spare;
  spare.swap(message_);
  spare.clear();
  if (spare.capacity() <= kMessageKeptBytes) server_.spare_message.swap(spare);
  return result;
}

int Socket::on_message(std::string_view message) {
  spoke_ = true;
  if (binary_) {
    server_.hub.on_binary(*session_, message);
  } else if (!wire::is_utf8(message)) {
    ask_to_close(Close::bad_utf8);
  } else {
    server_.hub.on_text(*session_, message);
  }
  return 0;
}

bool Socket::has_unread() const {
  int bytes = 0;
  return ::ioctl(fd_, FIONREAD, &bytes) == 0 && bytes > 0;
}

void Socket::read_on() {
  lws_pollfd readable{fd_, LWS_POLLIN, LWS_POLLIN};
  lws_service_fd(lws_get_context(wsi), &readable);
}

int Socket::on_writable() {
  if (!session_ || close_sent_) return 0;
  if (lws_partial_buffered(wsi)) {
    lws_callback_on_writable(wsi);
  } else {
    server_.hub.on_ready(*session_);
  }
  return 0;
}

void Socket::on_pong() {
  heard_ms_ = server_.loop.now_ms();
  pinged_ = false;
}

void Socket::sweep(uint64_t now_ms) {
  const SocketLimits& limits = server_.limits;
  if (close_sent_ && now_ms - close_sent_ms_ >= limits.close_ms) return cut();
  if (!session_ || session_->closing()) return;
  if (!spoke_ && now_ms - opened_ms_ >= limits.first_message_ms) {
    return ask_to_close(Close::never_joined);
  }
  const uint64_t silent_ms = now_ms - heard_ms_;
  if (silent_ms >= limits.idle_ms) return ask_to_close(Close::idle);
  if (silent_ms < limits.ping_ms || pinged_ || !ready()) return;
  std::string ping;
  // lws does not report a pong without a payload.
  wire::append_frame(ping, wire::FrameType::ping, "ping");
  pinged_ = true;
  ++server_.stats.pings;
  send(ping);
}

}  // namespace chatpad::realtime

#include "realtime/socket/socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "realtime/socket/server_impl.h"
#include "runtime/base/log.h"
#include "runtime/wire/utf8.h"
#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kMessageKeptBytes = 64 * 1024;  // capacity of the server's spare message

}  // namespace

Socket::Socket(SocketServerImpl& server, SocketUserMaker maker)
    : server_(server),
      maker_(std::make_unique<SocketUserMaker>(std::move(maker))),
      reader_(server.limits.message_bytes_max, server.limits.fragments_max) {}

Socket::~Socket() { drop_gathered(); }

bool Socket::ready() const { return !close_sent_ && !lws_partial_buffered(wsi); }

// What the kernel takes at once goes past lws, whose write costs as much as a tenth of a delivery.
// Nothing of lws waits: the caller asked ready().
void Socket::send(std::string_view bytes) {
  const ssize_t taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken < 0 && errno != EAGAIN && errno != EINTR) return cut();
  if (taken > 0) bytes.remove_prefix(static_cast<size_t>(taken));
  if (!bytes.empty()) send_behind(bytes);
}

// Behind whatever lws still holds.
void Socket::send_behind(std::string_view bytes) {
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  if (lws_write(wsi, data, bytes.size(), LWS_WRITE_RAW) < 0) return cut();
  // A client that does not read is not listened to: lws would ask again and again to read.
  if (paused_ || !lws_partial_buffered(wsi)) return;
  paused_ = true;
  lws_rx_flow_control(wsi, 0);
  lws_callback_on_writable(wsi);
}

void Socket::want_ready() { lws_callback_on_writable(wsi); }

void Socket::close(Close why) {
  if (close_sent_) return;
  ++server_.stats.closes[static_cast<size_t>(why)];
  log::Line(why == Close::draining ? LogLevel::debug : LogLevel::info, "realtime_close")
      .field("reason", close_info(why).reason)
      .field("peer", user_ ? user_->peer() : std::string_view());
  send_behind(close_frame(why));
  close_sent_ = true;
  close_sent_ms_ = server_.loop.now_ms();
}

void Socket::cut() {
  doomed = true;
  server_.cut_later();
}

void Socket::ask_to_close(Close why) {
  if (user_) {
    user_->close(why);
  } else {
    cut();
  }
}

int Socket::on_established(lws* established) {
  wsi = established;
  opened_ms_ = heard_ms_ = server_.loop.now_ms();
  fd_ = lws_get_socket_fd(wsi);
  user_ = (*maker_)(*this);
  maker_.reset();
  return 0;
}

int Socket::on_receive(char* bytes, size_t size) {
  if (!user_) return -1;
  heard_ms_ = server_.loop.now_ms();
  pinged_ = false;
  server_.heard(*this);
  reader_.feed(bytes, size);
  for (;;) {
    const FramePiece piece = reader_.next();
    if (piece.kind == PieceKind::none) return ended_ ? -1 : 0;
    take(piece);
  }
}

void Socket::take(const FramePiece& piece) {
  if (piece.kind == PieceKind::close) return on_peer_close(piece.bytes);
  if (close_sent_ || user_->closing()) return;
  switch (piece.kind) {
    case PieceKind::message:
      return on_piece(piece);
    case PieceKind::breach:
      return ask_to_close(Close::protocol_error);
    case PieceKind::too_big:
      return ask_to_close(Close::too_big);
    default:
      return on_control(piece);
  }
}

void Socket::on_piece(const FramePiece& piece) {
  if (piece.first && piece.last) return on_message(piece.type, piece.bytes);
  if (piece.first) message_since_ms_ = heard_ms_;
  // Idle sockets own no buffer: it goes from one that is receiving to the next.
  if (message_.empty()) message_.swap(server_.spare_message);
  message_.append(piece.bytes);
  server_.gathered_bytes += piece.bytes.size();
  if (server_.gathered_bytes > server_.limits.gathered_bytes_max) {
    drop_gathered();
    return ask_to_close(Close::too_big);
  }
  if (!piece.last) return;
  on_message(piece.type, message_);
  drop_gathered();
}

void Socket::drop_gathered() {
  server_.gathered_bytes -= message_.size();
  std::string done;
  done.swap(message_);
  done.clear();
  std::string& spare = server_.spare_message;
  if (done.capacity() <= kMessageKeptBytes && done.capacity() > spare.capacity()) spare.swap(done);
}

void Socket::on_message(MessageType type, std::string_view message) {
  spoke_ = true;
  if (type == MessageType::binary) {
    user_->on_binary(message);
  } else if (!wire::is_utf8(message)) {
    ask_to_close(Close::bad_utf8);
  } else {
    user_->on_text(message);
  }
}

void Socket::on_control(const FramePiece& piece) {
  if (heard_ms_ - controls_since_ms_ >= 1000) {
    controls_since_ms_ = heard_ms_;
    controls_ = 0;
  }
  if (++controls_ > server_.limits.controls_per_s) return ask_to_close(Close::message_rate);
  // The newest ping is the one to answer (RFC 6455, 5.5.3); a client that reads nothing gets none.
  if (piece.kind != PieceKind::ping || !ready()) return;
  std::string pong;
  wire::append_frame(pong, wire::FrameType::pong, piece.bytes);
  send(pong);
}

// Our own close frame is answered, or the client leaves: its code goes back, and nothing else.
void Socket::on_peer_close(std::string_view payload) {
  const uint16_t code = close_code_of(payload);
  if (!close_sent_ && !user_->closing() && code == 0) {
    return ask_to_close(Close::protocol_error);
  }
  if (!close_sent_) {
    std::string answer;
    wire::append_frame(answer, wire::FrameType::close,
                       code == 0 ? std::string_view() : payload.substr(0, 2));
    send_behind(answer);
    close_sent_ = true;
    close_sent_ms_ = heard_ms_;
  }
  ended_ = !lws_partial_buffered(wsi);
}

bool Socket::has_unread() const {
  int bytes = 0;
  return !paused_ && ::ioctl(fd_, FIONREAD, &bytes) == 0 && bytes > 0;
}

void Socket::read_on() {
  lws_pollfd readable{fd_, LWS_POLLIN, LWS_POLLIN};
  lws_service_fd(lws_get_context(wsi), &readable);
}

int Socket::on_writable() {
  if (!user_) return 0;
  if (lws_partial_buffered(wsi)) {
    lws_callback_on_writable(wsi);
    return 0;
  }
  if (std::exchange(paused_, false)) lws_rx_flow_control(wsi, 1);
  if (!close_sent_) user_->on_ready();
  return 0;
}

void Socket::sweep(uint64_t now_ms) {
  const SocketLimits& limits = server_.limits;
  const uint64_t grace_ms =
      close_sent_ && lws_partial_buffered(wsi) ? limits.flush_ms : limits.close_ms;
  if (close_sent_ && now_ms - close_sent_ms_ >= grace_ms) return cut();
  if (!user_ || user_->closing()) return;
  if (!spoke_ && now_ms - opened_ms_ >= limits.first_message_ms) {
    return ask_to_close(Close::never_joined);
  }
  if (reader_.in_message() && now_ms - message_since_ms_ >= limits.message_ms) {
    return ask_to_close(Close::slow_message);
  }
  const uint64_t silent_ms = now_ms - heard_ms_;
  if (silent_ms >= limits.idle_ms) return ask_to_close(Close::idle);
  if (silent_ms < limits.ping_ms || pinged_ || !ready()) return;
  std::string ping;
  wire::append_frame(ping, wire::FrameType::ping, "ping");
  pinged_ = true;
  ++server_.stats.pings;
  send(ping);
}

}  // namespace chatpad::realtime

#include "realtime/socket/socket_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "realtime/socket/server_impl.h"
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kTxPacketBytes = 64 * 1024;         // per write to the kernel
constexpr uint32_t kServiceBufferBytes = 16 * 1024;  // per context; one read takes no more
constexpr int kReadsMax = 4;                         // of one socket in one turn
constexpr uint64_t kSweepMsMax = 500;
constexpr size_t kSweepSocketsMin = 1024;  // looked at each time; of more, an eighth
constexpr int kTurnsToClose = 8;  // a handle is closed at the end of a turn; lws chains a few

int on_lws(lws* wsi, lws_callback_reasons reason, void*, void* in, size_t size) {
  lws_context* context = lws_get_context(wsi);
  auto* server = context ? static_cast<SocketServerImpl*>(lws_context_user(context)) : nullptr;
  return server ? server->on_event(wsi, reason, in, size) : 0;
}

const lws_protocols kProtocols[] = {
    {"chatpad", on_lws, 0, kServiceBufferBytes, 0, nullptr, kTxPacketBytes},
    {nullptr, nullptr, 0, 0, 0, nullptr, 0},
};

// Silence is this room's business (Socket::sweep), not lws's, which would keep a sorted list of all
// sockets and walk it at every message.
const lws_retry_bo_t kNoIdlePolicy = {nullptr, 0, 0, 0, 0, 0};

class HubUser final : public SocketUser {
 public:
  HubUser(Hub& hub, Transport& transport, SessionInfo info)
      : hub_(hub), session_(hub.open(transport, std::move(info))) {}
  void on_text(std::string_view message) override { hub_.on_text(*session_, message); }
  void on_binary(std::string_view message) override { hub_.on_binary(*session_, message); }
  void on_ready() override { hub_.on_ready(*session_); }
  void close(Close why) override { hub_.close(*session_, why); }
  bool closing() const override { return session_->closing(); }
  std::string_view peer() const override { return session_->peer(); }

 private:
  Hub& hub_;
  std::unique_ptr<Session> session_;
};

}  // namespace

SocketServerImpl::SocketServerImpl(Loop& loop_in, Hub& hub_in, SocketLimits limits_in)
    : loop(loop_in), hub(hub_in), limits(limits_in) {
  // lws reports every adoption as an error, and words its log in one buffer for all threads.
  static std::once_flag log_once;
  std::call_once(log_once, [] { lws_set_log_level(0, nullptr); });
  void* foreign_loops[] = {loop.raw()};
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
  info.protocols = kProtocols;
  info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
  info.foreign_loops = foreign_loops;
  info.pt_serv_buf_size = kServiceBufferBytes;
  info.user = this;
  info.vhost_name = "chatpad";
  info.retry_and_idle_policy = &kNoIdlePolicy;
  context_ = lws_create_context(&info);
  CHECK(context_, "libwebsockets makes a context on our loop");
  vhost_ = lws_create_vhost(context_, &info);
  CHECK(vhost_, "libwebsockets makes a vhost");
}

SocketServerImpl::~SocketServerImpl() {
  CHECK(!context_, "sockets are drained before their server ends");
}

void SocketServerImpl::adopt(http::DetachedSocket detached, const std::string& key,
                             SocketUserMaker maker) {
  if (draining_ || sockets_.size() >= limits.sockets_max || !detached.unread.empty()) {
    ++stats.refused;
    ::close(detached.fd);
    return;
  }
  // A new connection takes the answer whole.
  const std::string answer = wire::switching_protocols(key);
  const ssize_t sent = ::send(detached.fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(answer.size())) {
    ++stats.refused;
    ::close(detached.fd);
    return;
  }
  sockets_.push_back(std::make_unique<Socket>(*this, std::move(maker)));
  Socket* socket = sockets_.back().get();
  socket->index = static_cast<uint32_t>(sockets_.size() - 1);
  ++stats.adopted;
  // Without sockets the loop sleeps.
  if (!sweep_timer_.running()) arm_sweep();
  adopting_ = socket;
  lws_sock_file_fd_type descriptor{};
  descriptor.sockfd = detached.fd;
  lws* wsi =
      lws_adopt_descriptor_vhost(vhost_, LWS_ADOPT_SOCKET, descriptor, kProtocols[0].name, nullptr);
  const bool known = adopting_ == nullptr;
  adopting_ = nullptr;
  if (wsi && !known) {
    socket->wsi = wsi;
    lws_set_opaque_user_data(wsi, socket);
  } else if (!wsi && !known) {
    log::Line(LogLevel::warn, "websocket_not_adopted");
    ++stats.refused;
    forget(*socket);
  }
}

Socket* SocketServerImpl::socket_of(lws* wsi) {
  auto* socket = static_cast<Socket*>(lws_get_opaque_user_data(wsi));
  if (socket || !adopting_) return socket;
  // A callback from inside the adoption: this is the socket it is about.
  socket = adopting_;
  adopting_ = nullptr;
  socket->wsi = wsi;
  lws_set_opaque_user_data(wsi, socket);
  return socket;
}

int SocketServerImpl::on_event(lws* wsi, lws_callback_reasons reason, void* in, size_t size) {
  switch (reason) {
    case LWS_CALLBACK_RAW_ADOPT: {
      Socket* socket = socket_of(wsi);
      return socket ? socket->on_established(wsi) : -1;
    }
    case LWS_CALLBACK_RAW_RX: {
      Socket* socket = socket_of(wsi);
      return socket ? socket->on_receive(static_cast<char*>(in), size) : -1;
    }
    case LWS_CALLBACK_RAW_WRITEABLE: {
      Socket* socket = socket_of(wsi);
      return socket ? socket->on_writable() : -1;
    }
    case LWS_CALLBACK_RAW_CLOSE:
    case LWS_CALLBACK_WSI_DESTROY: {
      auto* socket = static_cast<Socket*>(lws_get_opaque_user_data(wsi));
      if (!socket) return 0;
      lws_set_opaque_user_data(wsi, nullptr);
      ++stats.closed;
      forget(*socket);
      return 0;
    }
    default:
      return 0;
  }
}

void SocketServerImpl::forget(Socket& socket) {
  if (socket.heard)
    std::replace(heard_.begin(), heard_.end(), &socket, static_cast<Socket*>(nullptr));
  const uint32_t index = socket.index;
  std::swap(sockets_[index], sockets_.back());
  sockets_[index]->index = index;
  sockets_.pop_back();
  if (draining_ && sockets_.empty()) {
    loop.defer([this] { finish_drain(); });
  }
}

void SocketServerImpl::heard(Socket& socket) {
  if (socket.heard) return;
  socket.heard = true;
  heard_.push_back(&socket);
  if (heard_.size() == 1) loop.defer([this] { read_on(); });
}

// One read of lws takes no more than its service buffer. A longer burst is read on here, so that
// its broadcasts leave in one write per subscriber.
void SocketServerImpl::read_on() {
  for (size_t i = 0; i < heard_.size(); ++i) {
    int reads = 0;
    while (heard_[i] && heard_[i]->has_unread() && reads++ < kReadsMax) heard_[i]->read_on();
    if (!heard_[i]) continue;
    heard_[i]->heard = false;
    if (reads > kReadsMax) hub.expect_more();
  }
  heard_.clear();
}

void SocketServerImpl::arm_sweep() {
  const uint64_t delay_ms =
      std::min({kSweepMsMax, limits.idle_ms / 4, limits.ping_ms / 4, limits.first_message_ms / 4});
  sweep_timer_.start(loop, std::max<uint64_t>(delay_ms, 1), [this] { sweep(); });
}

void SocketServerImpl::sweep() {
  const uint64_t now = loop.now_ms();
  const size_t count = std::min(sockets_.size(), std::max(kSweepSocketsMin, sockets_.size() / 8));
  for (size_t i = 0; i < count; ++i) {
    if (swept_ >= sockets_.size()) swept_ = 0;
    sockets_[swept_++]->sweep(now);
  }
  if (!sockets_.empty()) arm_sweep();
}

void SocketServerImpl::cut_later() {
  if (cutting_) return;
  cutting_ = true;
  loop.defer([this] { cut_doomed(); });
}

// Timeouts of lws itself fire only when lws is called for another reason, so sockets are closed
// here and now.
void SocketServerImpl::cut_doomed() {
  cutting_ = false;
  std::vector<lws*> doomed;
  for (const auto& socket : sockets_) {
    if (socket->doomed && socket->wsi) doomed.push_back(socket->wsi);
  }
  for (lws* wsi : doomed) {
    lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_SYNC);
  }
}

void SocketServerImpl::drain(Close why, std::function<void()> done) {
  if (draining_) return;
  draining_ = true;
  drained_ = std::move(done);
  for (const auto& socket : sockets_) socket->ask_to_close(why);
  drain_timer_.start(loop, sockets_.empty() ? 0 : limits.drain_ms, [this] { finish_drain(); });
}

void SocketServerImpl::send_away(Close why) {
  for (const auto& socket : sockets_) socket->ask_to_close(why);
}

void SocketServerImpl::finish_drain() {
  if (finishing_) return;
  finishing_ = true;
  sweep_timer_.stop();
  drain_timer_.stop();
  // The first destroy closes the handles of lws. The second frees what they belonged to and unloads
  // the code of their callbacks, so it waits until they are surely closed.
  lws_context_destroy(context_);
  wait_for_handles(kTurnsToClose);
}

void SocketServerImpl::wait_for_handles(int turns) {
  if (turns > 0) {
    drain_timer_.start(loop, 1, [this, turns] { wait_for_handles(turns - 1); });
    return;
  }
  lws_context_destroy(std::exchange(context_, nullptr));
  const std::function<void()> done = std::exchange(drained_, nullptr);
  done();
}

SocketServer::SocketServer(Loop& loop, Hub& hub, SocketLimits limits)
    : impl_(std::make_unique<SocketServerImpl>(loop, hub, limits)) {}
SocketServer::~SocketServer() = default;

void SocketServer::adopt(http::DetachedSocket socket, SessionInfo info) {
  const std::string key = info.key;
  Hub& hub = impl_->hub;
  // A std::function has to be copyable.
  auto kept = std::make_shared<SessionInfo>(std::move(info));
  impl_->adopt(std::move(socket), key, [&hub, kept](Transport& transport) {
    return std::make_unique<HubUser>(hub, transport, std::move(*kept));
  });
}

void SocketServer::adopt(http::DetachedSocket socket, const std::string& key,
                         http::Handler& handler, RequestOpening opening) {
  Loop& loop = impl_->loop;
  impl_->adopt(std::move(socket), key,
               [&loop, &handler, opening = std::move(opening)](Transport& transport) {
                 return std::make_unique<RequestSocket>(loop, handler, transport, opening);
               });
}

void SocketServer::drain(Close why, std::function<void()> done) {
  impl_->drain(why, std::move(done));
}

void SocketServer::send_away(Close why) { impl_->send_away(why); }

SocketStats SocketServer::stats() const {
  SocketStats stats = impl_->stats;
  stats.sockets = impl_->sockets_count();
  return stats;
}

}  // namespace chatpad::realtime

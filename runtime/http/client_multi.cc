#include "runtime/http/client_multi.h"

#include <mutex>

#include "runtime/base/check.h"

namespace chatpad::http {

ClientMulti::ClientMulti(Loop& on_loop, ClientOptions with_options)
    : loop(on_loop), options(std::move(with_options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_ = curl_multi_init();
  CHECK(multi_ != nullptr, "libcurl can be set up");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &ClientMulti::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &ClientMulti::on_timeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options.connections_max);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options.connections_per_host_max);
}

ClientMulti::~ClientMulti() {
  CHECK(running == 0, "a client outlives its streams");
  curl_multi_cleanup(multi_);
  while (!sockets_.empty()) unwatch(*sockets_.begin());
}

void ClientMulti::add(Transfer& transfer) {
  ++running;
  curl_multi_add_handle(multi_, transfer.easy());
}

void ClientMulti::remove(Transfer& transfer) {
  --running;
  curl_multi_remove_handle(multi_, transfer.easy());
}

int ClientMulti::on_socket(CURL*, curl_socket_t fd, int what, void* self, void* socket) {
  auto* multi = static_cast<ClientMulti*>(self);
  if (what == CURL_POLL_REMOVE) {
    if (socket != nullptr) multi->unwatch(static_cast<Socket*>(socket));
  } else {
    multi->watch(fd, what, static_cast<Socket*>(socket));
  }
  return 0;
}

void ClientMulti::watch(curl_socket_t fd, int what, Socket* socket) {
  if (socket == nullptr) {
    socket = new Socket{{}, this, fd};
    CHECK(uv_poll_init(loop.raw(), &socket->poll, fd) == 0, "libcurl's sockets can be polled");
    socket->poll.data = socket;
    sockets_.insert(socket);
    curl_multi_assign(multi_, fd, socket);
  }
  const int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                     ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
  uv_poll_start(&socket->poll, events, [](uv_poll_t* handle, int status, int ready) {
    const auto* socket = static_cast<Socket*>(handle->data);
    int mask = status < 0 ? CURL_CSELECT_ERR : 0;
    if ((ready & UV_READABLE) != 0) mask |= CURL_CSELECT_IN;
    if ((ready & UV_WRITABLE) != 0) mask |= CURL_CSELECT_OUT;
    socket->multi->act(socket->fd, mask);
  });
}

// The handle is closed before libcurl closes the descriptor, or hands it to its connection cache.
void ClientMulti::unwatch(Socket* socket) {
  sockets_.erase(socket);
  uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll),
           [](uv_handle_t* handle) { delete static_cast<Socket*>(handle->data); });
}

int ClientMulti::on_timeout(CURLM*, long timeout_ms, void* self) {
  auto* multi = static_cast<ClientMulti*>(self);
  if (timeout_ms < 0) {
    multi->timer_.stop();
  } else {
    multi->timer_.start(multi->loop, static_cast<uint64_t>(timeout_ms),
                        [multi] { multi->act(CURL_SOCKET_TIMEOUT, 0); });
  }
  return 0;
}

void ClientMulti::act(curl_socket_t fd, int events) {
  int still_running = 0;
  curl_multi_socket_action(multi_, fd, events, &still_running);
  collect_done();
}

void ClientMulti::collect_done() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* transfer = nullptr;
    const CURLcode result = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    static_cast<Transfer*>(transfer)->finish(result);
  }
}

void ClientMulti::wake_at_turn_end(const std::shared_ptr<Transfer>& transfer) {
  news_.push_back(transfer);
  if (news_.size() > 1) return;
  loop.defer([self = weak_from_this()] {
    if (const std::shared_ptr<ClientMulti> multi = self.lock()) multi->wake();
  });
}

void ClientMulti::wake() {
  std::vector<std::weak_ptr<Transfer>> batch;
  batch.swap(news_);
  for (const std::weak_ptr<Transfer>& entry : batch) {
    const std::shared_ptr<Transfer> transfer = entry.lock();
    if (transfer && transfer->waiter_ready()) std::exchange(transfer->waiter, nullptr).resume();
  }
}

}  // namespace chatpad::http

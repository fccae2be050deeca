#include "runtime/http/server.h"

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/http/connection.h"
#include "runtime/http/server_impl.h"

namespace chatpad::http {

ServerImpl::ServerImpl(Loop& on_loop, ServerLimits with_limits, Handler& with_handler)
    : loop(on_loop),
      limits(with_limits),
      handler(&with_handler),
      scratch(new char[kScratchBytes]) {}

ServerImpl::~ServerImpl() { CHECK(first_ == nullptr, "a server ends after its connections"); }

void ServerImpl::adopt(int fd, std::string peer) {
  ++stats.accepted;
  ++open_handles_;
  // Deletes itself in the callback of its handle.
  auto* connection = new Connection(*this, fd, std::move(peer));
  connection->open();
}

bool ServerImpl::accepting() const {
  return !draining && stats.connections < limits.connections_max;
}

void ServerImpl::drain(uint64_t drain_ms, std::function<void()> done) {
  draining = true;
  drained_ = std::move(done);
  for (Connection* connection = first_; connection != nullptr;) {
    Connection* next = connection->next_;
    connection->on_drain();
    connection = next;
  }
  drain_timer_.start(loop, drain_ms, [this] {
    for (Connection* connection = first_; connection != nullptr; connection = connection->next_) {
      connection->abort();
    }
  });
  maybe_drained();
}

void ServerImpl::maybe_drained() {
  if (!drained_ || stats.connections > 0) return;
  drain_timer_.stop();
  loop.defer(std::exchange(drained_, nullptr));
}

void ServerImpl::retire() {
  retired_ = true;
  drained_ = nullptr;
  drain_timer_.stop();
  while (first_ != nullptr) first_->destroy();
  maybe_delete();
}

void ServerImpl::link(Connection& connection) {
  connection.next_ = first_;
  if (first_ != nullptr) first_->prev_ = &connection;
  first_ = &connection;
  ++stats.connections;
}

void ServerImpl::unlink(Connection& connection) {
  if (connection.prev_ != nullptr) connection.prev_->next_ = connection.next_;
  if (connection.next_ != nullptr) connection.next_->prev_ = connection.prev_;
  if (first_ == &connection) first_ = connection.next_;
  connection.next_ = connection.prev_ = nullptr;
  --stats.connections;
  maybe_drained();
}

void ServerImpl::handle_closed() {
  --open_handles_;
  maybe_delete();
}

// A loop that has stopped runs no deferred function any more.
void ServerImpl::maybe_delete() {
  if (retired_ && open_handles_ == 0 && (!turn_end_deferred_ || loop.stopping())) delete this;
}

void ServerImpl::at_turn_end(Connection& connection) {
  if (!connection.in_turn_end_list_) {
    connection.in_turn_end_list_ = true;
    turn_end_.push_back(&connection);
  }
  if (turn_end_deferred_) return;
  turn_end_deferred_ = true;
  loop.defer([this] { run_turn_end(); });
}

void ServerImpl::forget_turn_end(Connection& connection) {
  if (!connection.in_turn_end_list_) return;
  connection.in_turn_end_list_ = false;
  std::replace(turn_end_.begin(), turn_end_.end(), &connection, static_cast<Connection*>(nullptr));
  std::replace(turn_end_batch_.begin(), turn_end_batch_.end(), &connection,
               static_cast<Connection*>(nullptr));
}

void ServerImpl::run_turn_end() {
  turn_end_deferred_ = false;
  turn_end_batch_.swap(turn_end_);
  for (size_t i = 0; i < turn_end_batch_.size(); ++i) {
    Connection* connection = turn_end_batch_[i];
    if (connection == nullptr) continue;
    connection->in_turn_end_list_ = false;
    connection->on_turn_end();
  }
  turn_end_batch_.clear();
  maybe_delete();
}

Server::Server(Loop& loop, ServerLimits limits, Handler& handler)
    : impl_(std::make_unique<ServerImpl>(loop, limits, handler)) {}

Server::~Server() { impl_.release()->retire(); }

void Server::adopt(int fd, std::string peer) { impl_->adopt(fd, std::move(peer)); }
bool Server::accepting() const { return impl_->accepting(); }
void Server::drain(uint64_t drain_ms, std::function<void()> done) {
  impl_->drain(drain_ms, std::move(done));
}
ServerStats Server::stats() const { return impl_->stats; }

}  // namespace chatpad::http

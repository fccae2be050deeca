#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/http/connection.h"

namespace chatpad::http {

void Connection::send_now(std::string& head, std::string_view body) {
  if (corked_ || pending_output() > 0) {
    out_.append(head).append(body);
    return;
  }
  ssize_t n;
  if (body.size() <= kJoinBytesMax) {
    head.append(body);
    body = {};
    n = send(fd_, head.data(), head.size(), MSG_NOSIGNAL);
  } else {
    iovec parts[2] = {{head.data(), head.size()}, {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    n = sendmsg(fd_, &message, MSG_NOSIGNAL);
  }
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      abort();
      return;
    }
    n = 0;
  }
  const size_t sent = static_cast<size_t>(n);
  if (sent == head.size() + body.size()) return;
  if (sent < head.size()) out_.append(head, sent);
  out_.append(body.substr(sent > head.size() ? sent - head.size() : 0));
  set_stall_deadline();
  update_interest();
}

void Connection::flush() {
  flush_due_ = false;
  while (pending_output() > 0 && !gone_) {
    const ssize_t n = send(fd_, out_.data() + out_sent_, pending_output(), MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) {
        abort();
        return;
      }
      if (stall_deadline_ms_ == kNever) set_stall_deadline();
      // Sent bytes are given back in halves, so that moving the rest stays cheap.
      if (out_sent_ > out_.size() / 2) {
        out_.erase(0, out_sent_);
        out_sent_ = 0;
      }
      return;
    }
    out_sent_ += static_cast<size_t>(n);
    set_stall_deadline();
  }
  if (out_.capacity() > kJoinBytesMax) {
    std::string().swap(out_);
  } else {
    out_.clear();
  }
  out_sent_ = 0;
  stall_deadline_ms_ = kNever;
}

void Connection::flush_at_turn_end() {
  flush_due_ = true;
  if (!in_process_) server_.at_turn_end(*this);
}

void Connection::on_writable() {
  flush();
  if (gone_) return;
  if (drained_ && pending_output() <= server_.limits.output_high_bytes / 2) {
    const std::function<void()> fn = std::exchange(drained_, nullptr);
    fn();
    return;
  }
  if (phase_ == Phase::linger && pending_output() == 0 && !half_closed_) half_close();
  if (phase_ == Phase::head && !output_blocked() && (input_.size() > 0 || input_ended_)) process();
}

void Connection::on_turn_end() {
  if (flush_due_) flush();
  if (gone_ || detached_) {
    end_exchange();  // which may free this
    return;
  }
  if (ended_) {
    end_exchange();
    if (phase_ == Phase::head || phase_ == Phase::discard) process();
  }
  if (phase_ != Phase::closed) update_interest();
}

void Connection::update_interest() {
  if (phase_ == Phase::closed || detached_ || gone_) return;
  const bool full =
      phase_ == Phase::linger ? lingered_bytes_ >= kLingerBytesMax : read_bytes_max() == 0;
  int events = input_ended_ || full ? UV_PRIORITIZED : UV_READABLE;
  if ((pending_output() > 0 && !flush_due_) || drained_) events |= UV_WRITABLE;
  if (events == interest_) return;
  interest_ = events;
  uv_poll_start(&poll_, events, [](uv_poll_t* handle, int status, int ready) {
    static_cast<Connection*>(handle->data)->on_poll(status, ready);
  });
}

void Connection::set_deadline(uint64_t delay_ms) {
  deadline_ms_ = server_.loop.now_ms() + delay_ms;
  arm_timer();
}

void Connection::set_stall_deadline() {
  stall_deadline_ms_ = server_.loop.now_ms() + server_.limits.write_stall_ms;
  arm_timer();
}

// A deadline that moves away leaves the timer where it is; it looks again when it fires.
void Connection::arm_timer() {
  const uint64_t due = std::min(deadline_ms_, stall_deadline_ms_);
  if (due == kNever || (timer_.running() && timer_due_ms_ <= due)) return;
  const uint64_t now = server_.loop.now_ms();
  timer_due_ms_ = due;
  timer_.start(server_.loop, due > now ? due - now : 0, [this] { on_timer(); });
}

void Connection::on_timer() {
  if (std::min(deadline_ms_, stall_deadline_ms_) > server_.loop.now_ms()) {
    arm_timer();
    return;
  }
  on_deadline();
  if (phase_ != Phase::closed) update_interest();
}

void Connection::on_deadline() {
  if (stall_deadline_ms_ <= server_.loop.now_ms()) {
    ++server_.stats.timeouts;
    abort();
    return;
  }
  deadline_ms_ = kNever;
  const bool mid_request = (phase_ == Phase::head && input_.total() > 0) || phase_ == Phase::body;
  if (mid_request) {
    ++server_.stats.timeouts;
    refuse(Errc::request_timeout);
  } else if (phase_ == Phase::linger) {
    close_handle();
  } else {
    begin_close();
  }
}

void Connection::abort() {
  if (gone_ || detached_ || phase_ == Phase::closed) return;
  gone_ = true;
  uv_poll_stop(&poll_);
  interest_ = 0;
  out_.clear();
  out_sent_ = 0;
  deadline_ms_ = stall_deadline_ms_ = kNever;
  server_.at_turn_end(*this);
}

void Connection::on_drain() {
  if (phase_ == Phase::head && input_.total() == 0 && !gone_ && !in_process_) begin_close();
}

void Connection::begin_close() {
  phase_ = Phase::linger;
  deadline_ms_ = kNever;
  input_.clear();
  input_.unpin();
  if (pending_output() > 0) flush();
  if (gone_) return;
  if (pending_output() == 0) half_close();
}

void Connection::half_close() {
  if (!linger_after_ || input_ended_) {
    close_handle();
    return;
  }
  half_closed_ = true;
  shutdown(fd_, SHUT_WR);
  set_deadline(kLingerMs);
}

void Connection::destroy() {
  gone_ = true;
  drained_ = nullptr;
  const std::unique_ptr<Attachment> attachment = std::move(attachment_);
  close_handle();
}

void Connection::close_handle() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  gone_ = true;
  timer_.stop();
  server_.forget_turn_end(*this);
  if (!uv_is_closing(reinterpret_cast<uv_handle_t*>(&poll_))) close_poll();
  if (fd_ >= 0) close(std::exchange(fd_, -1));
  server_.unlink(*this);
  if (poll_closed_) free_self();
}

// The handle of a detached socket may be closed before its exchange has ended: the later frees.
void Connection::close_poll() {
  interest_ = 0;
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* connection = static_cast<Connection*>(handle->data);
    connection->poll_closed_ = true;
    if (connection->phase_ == Phase::closed) connection->free_self();
  });
}

void Connection::free_self() {
  ServerImpl& server = server_;
  delete this;
  server.handle_closed();
}

}  // namespace chatpad::http

#include "runtime/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace chatpad::http {
namespace {

HeadLimits head_limits(const ServerLimits& limits) {
  return HeadLimits{limits.header_bytes_max, limits.header_count_max, limits.target_bytes_max};
}

}  // namespace

Connection::Connection(ServerImpl& server, int fd, std::string peer)
    : server_(server),
      fd_(fd),
      input_(server.pool),
      parser_(head_limits(server.limits)),
      peer_(std::move(peer)) {}

void Connection::open() {
  const int on = 1;
  // Fails on sockets that are not TCP, which need no such thing.
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  CHECK(uv_poll_init(server_.loop.raw(), &poll_, fd_) == 0, "an accepted socket can be polled");
  poll_.data = this;
  request_.peer = peer_;
  server_.link(*this);
  set_deadline(server_.limits.first_byte_ms);
  update_interest();
}

void Connection::on_poll(int status, int events) {
  // A reset, or (with UV_PRIORITIZED, the only interest left while input is not read) the end of
  // both directions. Urgent data, which no HTTP client sends, ends here too.
  if (status < 0 || (events & UV_PRIORITIZED) != 0) {
    abort();
    return;
  }
  if ((events & UV_WRITABLE) != 0) on_writable();
  if ((events & UV_READABLE) != 0 && phase_ != Phase::closed) on_readable();
  if (phase_ != Phase::closed) update_interest();
}

size_t Connection::read_bytes_max() const {
  if (phase_ != Phase::waiting && !output_blocked()) return ServerImpl::kScratchBytes;
  const size_t unread = input_.total();
  const size_t max = server_.limits.pipeline_bytes_max;
  return unread >= max ? 0 : std::min(max - unread, ServerImpl::kScratchBytes);
}

void Connection::on_readable() {
  const size_t max = read_bytes_max();
  if (max == 0) return;
  const ssize_t n = recv(fd_, server_.scratch.get(), max, 0);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) abort();
    return;
  }
  if (n == 0) {
    on_end_of_input();
    return;
  }
  std::string_view bytes(server_.scratch.get(), static_cast<size_t>(n));
  if (phase_ == Phase::linger) {
    lingered_bytes_ += bytes.size();
    return;
  }
  if (phase_ == Phase::body && input_.total() == 0) bytes = feed_body(bytes);
  input_.append(bytes);
  process();
}

void Connection::on_end_of_input() {
  input_ended_ = true;
  switch (phase_) {
    case Phase::body:
      abort();
      return;
    case Phase::linger:
      if (half_closed_) close_handle();
      return;
    case Phase::head:
    case Phase::discard:
      if (output_blocked()) return;  // pipelined requests may still be unread
      begin_close();
      return;
    case Phase::waiting:  // a half-closed client still gets its reply
    case Phase::closed:
      return;
  }
}

void Connection::process() {
  in_process_ = true;
  bool going_on = true;
  while (going_on) {
    switch (phase_) {
      case Phase::head:
        going_on = parse_head();
        break;
      case Phase::body:
        if (!body_complete_ && input_.size() > 0) {
          const std::string_view rest = feed_body(input_.view());
          input_.consume(input_.size() - rest.size());
        }
        going_on = body_complete_ || ended_;
        if (body_complete_ && !ended_) request_complete();
        break;
      case Phase::discard:
        going_on = take_discarded();
        break;
      default:
        going_on = false;
    }
    if (ended_) {
      end_exchange();
      going_on = phase_ != Phase::closed && phase_ != Phase::linger;
    }
  }
  in_process_ = false;
  corked_ = false;
  if (phase_ == Phase::closed) return;
  if (flush_due_ || (pending_output() > 0 && stall_deadline_ms_ == kNever)) flush();
  const bool idle_and_draining = server_.draining && input_.total() == 0;
  if (phase_ == Phase::head && !output_blocked() && !gone_ && (input_ended_ || idle_and_draining)) {
    begin_close();
  }
}

bool Connection::parse_head() {
  if (input_.size() == 0) return false;
  if (output_blocked()) {
    flush();
    if (output_blocked() || gone_) return false;
  }
  if (request_.headers.capacity() == 0 && !server_.spare_headers.empty()) {
    request_.headers = std::move(server_.spare_headers.back());
    server_.spare_headers.pop_back();
  }
  const ParseStep step = parser_.parse(input_.data(), input_.size(), request_);
  if (step == ParseStep::more) {
    if (!head_started_) set_deadline(server_.limits.header_ms);
    head_started_ = true;
    return false;
  }
  if (step == ParseStep::refused) {
    refuse(parser_.refusal());
    return true;
  }
  input_.pin();
  input_.consume(parser_.head_bytes());
  begin_exchange();
  return true;
}

void Connection::begin_exchange() {
  ++server_.stats.requests;
  body_left_ = parser_.content_length();
  body_complete_ = parser_.body_kind() == BodyKind::none;
  deadline_ms_ = kNever;
  if (server_.draining) {
    refuse(Errc::draining);
    return;
  }
  // A protocol change leaves no room for replies that are still on their way.
  if (request_.wants_upgrade && pending_output() > 0) {
    flush();
    if (pending_output() > 0) {
      abort();
      return;
    }
  }
  exchange_open_ = true;
  corked_ = input_.total() > body_left_ && parser_.body_kind() != BodyKind::chunked;
  const size_t body_bytes_max = server_.handler->on_head(*this);
  if (status_ == 0 && !gone_ && !detached_) begin_body(body_bytes_max);
}

void Connection::begin_body(uint64_t body_bytes_max) {
  if (body_complete_) {
    request_complete();
    return;
  }
  if (parser_.body_kind() == BodyKind::length) {
    if (body_left_ > body_bytes_max) {
      refuse(Errc::payload_too_large);
      return;
    }
    if (input_.size() >= body_left_) {
      request_.body = input_.view().substr(0, body_left_);
      input_.consume(body_left_);
      body_left_ = 0;
      body_complete_ = true;
      request_complete();
      return;
    }
    body_.reserve(std::min<size_t>(body_left_, kBodyReserveBytes));
  } else {
    chunked_ = std::make_unique<ChunkedDecoder>();
    chunked_->reset(body_bytes_max);
  }
  corked_ = false;
  phase_ = Phase::body;
  set_deadline(server_.limits.body_ms);
  if (parser_.expectation() == Expectation::continue_100 && input_.total() == 0) {
    std::string line = "HTTP/1.1 100 Continue\r\n\r\n";
    send_now(line, {});
  }
}

std::string_view Connection::feed_body(std::string_view bytes) {
  if (chunked_) {
    const ParseStep step = chunked_->feed(bytes, body_);
    if (step == ParseStep::refused) refuse(chunked_->refusal());
    if (step == ParseStep::complete) body_complete_ = true;
  } else {
    const size_t n = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
    // A body is only given its full room once a fair part of it has really arrived.
    if (body_.size() + n > kBodyReserveBytes) body_.reserve(body_.size() + body_left_);
    body_.append(bytes.data(), n);
    bytes.remove_prefix(n);
    body_left_ -= n;
    body_complete_ = body_left_ == 0;
  }
  if (body_complete_) request_.body = body_;
  return bytes;
}

void Connection::request_complete() {
  phase_ = Phase::waiting;
  deadline_ms_ = kNever;
  server_.handler->on_request(*this);
}

bool Connection::take_discarded() {
  const size_t n = static_cast<size_t>(std::min<uint64_t>(body_left_, input_.size()));
  input_.consume(n);
  body_left_ -= n;
  if (body_left_ > 0) return false;
  phase_ = Phase::head;
  set_deadline(server_.limits.idle_ms);
  input_.unpin();
  return true;
}

}  // namespace chatpad::http

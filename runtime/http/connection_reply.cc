#include <charconv>

#include "runtime/http/connection.h"

namespace chatpad::http {

void Connection::begin_reply(int status, std::string_view headers) {
  CHECK(exchange_open_ && status_ == 0, "a request gets one reply");
  CHECK(status >= 200 && status <= 599, "a reply has a final status");
  CHECK(headers.empty() || headers.ends_with("\r\n"), "every header line ends with CRLF");
  status_ = status;
  settle_unread_body();
  phase_ = Phase::waiting;
  deadline_ms_ = kNever;
  const bool more_may_come = !input_ended_ || input_.total() > 0;
  if (!request_.keep_alive || server_.draining || !more_may_come) close_after_ = true;
}

// A reply before the body was read: a small rest is skipped to keep the connection, a large or
// unknown one, or one the client holds back until it is asked (Expect), ends it.
void Connection::settle_unread_body() {
  if (body_complete_) return;
  const bool skippable = parser_.body_kind() == BodyKind::length &&
                         parser_.expectation() == Expectation::none &&
                         body_left_ <= kDiscardBytesMax;
  if (!skippable) close_after_ = linger_after_ = true;
}

bool Connection::body_wanted() const {
  return request_.method != Method::head && status_has_body(status_);
}

void Connection::append_head(std::string& out, std::string_view headers) {
  append_status_line(out, status_);
  out += headers;
  out += server_.date.at(server_.loop.now_ms());
  if (close_after_) {
    out += "Connection: close\r\n";
  } else if (request_.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
}

void Connection::reply(int status, std::string_view headers, std::string_view body) {
  if (gone_) {
    status_ = status;
    return;
  }
  begin_reply(status, headers);
  std::string& out = server_.render;
  out.clear();
  append_head(out, headers);
  if (status_has_body(status)) append_content_length(out, body.size());
  out += "\r\n";
  send_now(out, body_wanted() ? body : std::string_view());
  ended_ = true;
  if (!in_process_) server_.at_turn_end(*this);
}

void Connection::reply_and_close(int status, std::string_view headers, std::string_view body) {
  close_after_ = true;
  reply(status, headers, body);
}

void Connection::start_stream(int status, std::string_view headers) {
  if (gone_) {
    status_ = status;
    return;
  }
  begin_reply(status, headers);
  if (!status_has_body(status)) {
    framing_ = Framing::none;
  } else if (request_.http_1_0) {
    framing_ = Framing::until_close;
    close_after_ = true;
  } else {
    framing_ = Framing::chunked;
  }
  append_head(out_, headers);
  if (framing_ == Framing::chunked) out_ += "Transfer-Encoding: chunked\r\n";
  out_ += "\r\n";
  flush_at_turn_end();
}

bool Connection::write(std::string_view bytes) {
  if (gone_) return false;
  CHECK(exchange_open_ && status_ != 0 && !ended_, "a stream is written between start and finish");
  if (!bytes.empty() && body_wanted()) {
    if (framing_ == Framing::chunked) {
      char size[16];
      const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
      out_.append(size, end).append("\r\n").append(bytes).append("\r\n");
    } else {
      out_.append(bytes);
    }
    if (pending_output() > server_.limits.output_max_bytes) {
      abort();
      return false;
    }
    flush_at_turn_end();
  }
  return !output_blocked();
}

void Connection::finish_stream() {
  if (gone_) return;
  CHECK(exchange_open_ && status_ != 0 && !ended_, "a stream is finished once");
  if (framing_ == Framing::chunked && body_wanted()) out_ += "0\r\n\r\n";
  ended_ = true;
  drained_ = nullptr;
  flush_at_turn_end();
}

void Connection::when_drained(std::function<void()> fn) {
  if (gone_ || !exchange_open_ || ended_) return;
  drained_ = std::move(fn);
  flush_at_turn_end();
}

void Connection::attach(std::unique_ptr<Attachment> attachment) {
  CHECK(exchange_open_ && !attachment_, "an exchange has one attachment");
  attachment_ = std::move(attachment);
}

DetachedSocket Connection::detach() {
  CHECK(exchange_open_ && status_ == 0 && body_complete_, "a complete, open request detaches");
  if (gone_) return DetachedSocket{};
  status_ = 101;
  detached_ = ended_ = true;
  // At once: closing the handle later would take the new owner's registration off the poller.
  close_poll();
  DetachedSocket socket;
  socket.fd = std::exchange(fd_, -1);
  socket.unread = input_.take_all();
  if (!in_process_) server_.at_turn_end(*this);
  return socket;
}

void Connection::refuse(Errc errc) {
  ++server_.stats.refused;
  if (status_ != 0 || gone_) {
    abort();
    return;
  }
  const ErrorInfo& info = error_info(errc);
  const Handler::Refusal refusal =
      server_.handler->on_refused(info.http_status, info.code, request_.header("origin"));
  exchange_open_ = true;
  close_after_ = linger_after_ = true;
  reply(info.http_status, refusal.headers, refusal.body);
}

void Connection::end_exchange() {
  drained_ = nullptr;
  // Its destructor may still look at the Exchange.
  std::unique_ptr<Attachment> attachment = std::move(attachment_);
  attachment.reset();
  exchange_open_ = false;
  ended_ = false;
  if (gone_ || detached_) {
    close_handle();
    return;
  }
  if (body_.capacity() > 0) std::string().swap(body_);
  chunked_.reset();
  request_.headers.clear();
  if (server_.spare_headers.size() < ServerImpl::kSpareHeaderListsMax) {
    server_.spare_headers.push_back(std::exchange(request_.headers, {}));
  }
  request_.method = Method::other;
  request_.body = {};
  parser_.reset();
  status_ = 0;
  head_started_ = false;
  framing_ = Framing::none;
  if (close_after_) {
    begin_close();
    return;
  }
  if (body_left_ > 0 && !body_complete_) {
    phase_ = Phase::discard;
    input_.unpin();
    set_deadline(server_.limits.body_ms);
    return;
  }
  phase_ = Phase::head;
  input_.unpin();
  set_deadline(server_.limits.idle_ms);
}

}  // namespace chatpad::http

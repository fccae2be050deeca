#include "realtime/socket/request_socket.h"

#include "runtime/base/check.h"
#include "runtime/base/error.h"
#include "runtime/edge/message_socket.h"
#include "runtime/wire/json.h"
#include "runtime/wire/sse.h"
#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kStreamedEventBytesMax = 2 * 1024 * 1024;

// `first` before the members of a JSON object.
std::string with_member(std::string_view name, std::string_view value_json,
                        std::string_view object) {
  std::string out = "{\"";
  out.append(name).append("\":").append(value_json);
  if (object.size() > 2) out += ',';
  return out.append(object.substr(1));
}

std::string quoted(std::string_view text) {
  wire::JsonWriter out;
  out.value(text);
  return std::move(out).str();
}

}  // namespace

// The request that one message is.
class MessageExchange final : public http::Exchange {
 public:
  MessageExchange(RequestSocket& owner, std::string body)
      : owner_(owner),
        body_(std::move(body)),
        parser_({kStreamedEventBytesMax, kStreamedEventBytesMax}) {
    request_.method = http::Method::get;
    request_.method_text = edge::kMessageMethod;
    request_.target = request_.path = owner.opening_.path;
    for (const auto& [name, value] : owner.opening_.headers) {
      request_.headers.push_back({name, value});
    }
    request_.body = body_;
    request_.peer = owner.opening_.peer;
  }

  const http::Request& request() const override { return request_; }
  Loop& loop() override { return owner_.loop_; }

  void reply(int status, std::string_view, std::string_view body) override {
    CHECK(status_ == 0, "a message is answered once");
    status_ = status;
    const bool object = body.size() > 1 && body.front() == '{';
    const std::string numbered =
        with_member("status", std::to_string(status), object ? body : std::string_view("{}"));
    owner_.send(with_member("type", "\"error\"", numbered));
    owner_.end_later();
  }
  void reply_and_close(int status, std::string_view headers, std::string_view body) override {
    reply(status, headers, body);
  }

  void start_stream(int status, std::string_view) override {
    CHECK(status_ == 0, "a message is answered once");
    status_ = status;
  }
  bool write(std::string_view bytes) override {
    std::vector<wire::SseEvent> events;
    const auto fed = parser_.feed(bytes, events);
    CHECK(fed, "a handler streams events of a bounded size");
    bool keeps_up = true;
    for (const wire::SseEvent& event : events) {
      complete_ = event.type == "done" || event.type == "error";
      keeps_up = owner_.send(with_member("id", quoted(event.id), event.data));
    }
    return keeps_up;
  }
  // Whoever has heard no end shall not wait for one.
  void finish_stream() override {
    const ErrorInfo& late = error_info(Errc::deadline_exceeded);
    if (!complete_) owner_.send_error(late.code, late.hint);
    owner_.end_later();
  }
  void when_drained(std::function<void()> fn) override {
    drained_ = std::move(fn);
    owner_.transport_.want_ready();
  }
  void on_ready() {
    if (const auto fn = std::exchange(drained_, nullptr)) fn();
  }

  int status() const override { return status_; }
  bool replied() const override { return status_ != 0; }
  void attach(std::unique_ptr<http::Attachment> attachment) override {
    attachment_ = std::move(attachment);
  }
  http::Attachment* attachment() override { return attachment_.get(); }
  http::DetachedSocket detach() override { return {}; }

 private:
  RequestSocket& owner_;
  const std::string body_;
  http::Request request_;
  wire::SseParser parser_;
  int status_ = 0;
  bool complete_ = false;
  std::function<void()> drained_;
  std::unique_ptr<http::Attachment> attachment_;  // last: it looks at the rest
};

RequestSocket::RequestSocket(Loop& loop, http::Handler& handler, Transport& transport,
                             RequestOpening opening)
    : loop_(loop), handler_(handler), transport_(transport), opening_(std::move(opening)) {}

RequestSocket::~RequestSocket() {
  closing_ = true;
  current_.reset();
}

void RequestSocket::on_text(std::string_view message) {
  if (closing_) return;
  if (!current_) return begin(std::string(message));
  if (waiting_.size() >= kRequestsWaitingMax ||
      waiting_bytes_ + message.size() > kWaitingBytesMax) {
    return send_error(error_info(Errc::overloaded).code,
                      "Too many messages wait for their answers; this one was not taken.");
  }
  waiting_bytes_ += message.size();
  waiting_.emplace_back(message);
}

void RequestSocket::on_binary(std::string_view) {
  if (!closing_) send_error(error_info(Errc::bad_request).code, "Messages are JSON text.");
}

void RequestSocket::begin(std::string message) {
  const size_t bytes = message.size();
  current_ = std::make_unique<MessageExchange>(*this, std::move(message));
  if (bytes > handler_.on_head(*current_)) {
    const ErrorInfo& large = error_info(Errc::payload_too_large);
    send_error(large.code, large.hint);
    return end_later();
  }
  handler_.on_request(*current_);
}

// The handler is still on the stack.
void RequestSocket::end_later() {
  loop_.defer([this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) end();
  });
}

void RequestSocket::end() {
  current_.reset();
  if (closing_ || waiting_.empty()) return;
  std::string next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= next.size();
  begin(std::move(next));
}

bool RequestSocket::send(std::string_view text) {
  if (closing_) return true;
  std::string frame;
  wire::append_frame(frame, wire::FrameType::text, text);
  if (unsent_.empty() && transport_.ready()) {
    transport_.send(frame);
  } else {
    unsent_ += frame;
    if (unsent_.size() > kUnsentBytesMax) close(Close::slow_reader);
    if (!closing_) transport_.want_ready();
  }
  return closing_ || transport_.ready();
}

void RequestSocket::send_error(std::string_view code, std::string_view message) {
  wire::JsonWriter out;
  out.object().field("type", "error").field("code", code).field("message", message).end();
  send(out.view());
}

void RequestSocket::on_ready() {
  if (closing_) return;
  const std::string unsent = std::exchange(unsent_, std::string());
  if (!unsent.empty()) transport_.send(unsent);
  if (!transport_.ready()) return transport_.want_ready();
  if (current_) current_->on_ready();
}

// What is under way ends now: nobody would hear of it.
void RequestSocket::close(Close why) {
  if (std::exchange(closing_, true)) return;
  waiting_.clear();
  transport_.close(why);
  end_later();
}

}  // namespace chatpad::realtime

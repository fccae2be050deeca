#include "realtime/bus/redis_link.h"

#include <fcntl.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netdb.h>

#include "realtime/bus/limits.h"

namespace chatpad::realtime {

namespace {

// One of the addresses as text; empty when there is none.
std::string pick(const addrinfo* addresses, size_t turn) {
  size_t count = 0;
  for (const addrinfo* one = addresses; one; one = one->ai_next) ++count;
  if (count == 0) return "";
  for (turn %= count; turn > 0; --turn) addresses = addresses->ai_next;
  char text[NI_MAXHOST] = "";
  ::getnameinfo(addresses->ai_addr, addresses->ai_addrlen, text, sizeof text, nullptr, 0,
                NI_NUMERICHOST);
  return text;
}

}  // namespace

// Outlives the link when the look-up is still under way.
struct RedisLink::Lookup {
  uv_getaddrinfo_t request{};
  RedisLink* link = nullptr;
};

// Between hiredis and libuv. The adapter that comes with hiredis 0.14 ignores poll errors, so that
// a refused or reset connection would never be noticed.
struct RedisLink::Poll {
  uv_poll_t handle{};
  redisAsyncContext* context = nullptr;
  int events = 0;

  void want(int more, int less) {
    events = (events | more) & ~less;
    if (events == 0) {
      uv_poll_stop(&handle);
    } else {
      uv_poll_start(&handle, events, on_event);
    }
  }
  static void on_event(uv_poll_t* handle, int status, int events) {
    auto* poll = static_cast<Poll*>(handle->data);
    if (status != 0) events = UV_READABLE | UV_WRITABLE;  // reading or writing finds the error
    if (poll->context && (events & UV_READABLE)) read(poll);
    if (poll->context && (events & UV_WRITABLE)) redisAsyncHandleWrite(poll->context);
  }
  // hiredis hands over what is whole and keeps the rest, however long it gets.
  static void read(Poll* poll) {
    redisAsyncHandleRead(poll->context);
    if (!poll->context || poll->context->c.reader->len <= kReplyBytesMax) return;
    auto* link = static_cast<RedisLink*>(poll->context->data);
    if (link) link->lose("a reply is too long");
  }
  static Poll& of(void* data) { return *static_cast<Poll*>(data); }
  static bool attach(redisAsyncContext* context, uv_loop_t* loop) {
    auto poll = std::make_unique<Poll>();
    if (uv_poll_init(loop, &poll->handle, context->c.fd) != 0) return false;
    poll->context = context;
    poll->handle.data = poll.get();
    context->ev.data = poll.release();
    context->ev.addRead = [](void* data) { of(data).want(UV_READABLE, 0); };
    context->ev.delRead = [](void* data) { of(data).want(0, UV_READABLE); };
    context->ev.addWrite = [](void* data) { of(data).want(UV_WRITABLE, 0); };
    context->ev.delWrite = [](void* data) { of(data).want(0, UV_WRITABLE); };
    context->ev.cleanup = [](void* data) {
      of(data).context = nullptr;
      uv_close(reinterpret_cast<uv_handle_t*>(&of(data).handle),
               [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
    };
    return true;
  }
};

// What hiredis calls. The context's data is null once the link has let go of it.
struct RedisLink::Calls {
  static RedisLink* of(const redisAsyncContext* context) {
    return static_cast<RedisLink*>(context->data);
  }
  static void connected(const redisAsyncContext* context, int status) {
    RedisLink* link = of(context);
    if (!link) return;
    if (status == REDIS_OK) return link->log_in();
    link->context_ = nullptr;  // hiredis frees it after this call
    ++link->failures_;
    link->lose("no connection");
  }
  static void disconnected(const redisAsyncContext* context, int) {
    RedisLink* link = of(context);
    if (!link) return;
    link->context_ = nullptr;
    link->lose(context->errstr && *context->errstr ? context->errstr : "connection ended");
  }
  // AUTH, or a PING where no password is set.
  static void logged_in(redisAsyncContext* context, void* raw, void*) {
    RedisLink* link = of(context);
    const auto* reply = static_cast<redisReply*>(raw);
    if (!link || !reply) return;
    if (reply->type == REDIS_REPLY_ERROR) {
      return link->lose(std::string(reply->str, reply->len));
    }
    link->ready_ = true;
    if (link->handlers_.on_ready) link->handlers_.on_ready();
  }
  static void subscribed(redisAsyncContext* context, void* raw, void*) {
    RedisLink* link = of(context);
    const auto* reply = static_cast<redisReply*>(raw);
    if (!link || !reply) return;
    if (reply->type == REDIS_REPLY_ERROR) {
      return link->lose(std::string(reply->str, reply->len));
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) return;
    const redisReply& kind = *reply->element[0];
    const redisReply& content = *reply->element[2];
    if (kind.type != REDIS_REPLY_STRING) return;
    const std::string_view said(kind.str, kind.len);
    if (said == "subscribe" && link->handlers_.on_subscribed) link->handlers_.on_subscribed();
    if (said == "message" && content.type == REDIS_REPLY_STRING && link->handlers_.on_message) {
      link->handlers_.on_message(std::string_view(content.str, content.len));
    }
  }
  static void published(redisAsyncContext* context, void* raw, void* size) {
    RedisLink* link = of(context);
    const auto* reply = static_cast<redisReply*>(raw);
    if (!link || !reply) return;
    if (reply->type == REDIS_REPLY_ERROR) {
      return link->lose(std::string(reply->str, reply->len));
    }
    if (link->handlers_.on_published) {
      link->handlers_.on_published(reinterpret_cast<uintptr_t>(size));
    }
  }
};

RedisLink::RedisLink(Loop& loop, const RedisUrl& url, Handlers handlers)
    : loop_(loop), url_(url), handlers_(std::move(handlers)) {}

RedisLink::~RedisLink() { close(); }

// The name is looked up by libuv's threads: hiredis would stop the loop for it.
void RedisLink::open() {
  close();
  lookup_ = new Lookup();
  lookup_->link = this;
  lookup_->request.data = lookup_;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const auto found = [](uv_getaddrinfo_t* request, int status, addrinfo* result) {
    const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
    RedisLink* link = lookup->link;
    const std::string address = link && status == 0 ? pick(result, link->failures_) : "";
    uv_freeaddrinfo(result);
    if (!link) return;
    link->lookup_ = nullptr;
    if (address.empty()) return link->lose("the host's name has no address");
    link->connect(address);
  };
  if (uv_getaddrinfo(loop_.raw(), &lookup_->request, found, url_.host.c_str(), nullptr, &hints) !=
      0) {
    delete lookup_;
    lookup_ = nullptr;
    lose("the host's name cannot be looked up");
  }
}

void RedisLink::connect(const std::string& address) {
  redisAsyncContext* context = redisAsyncConnect(address.c_str(), url_.port);
  if (!context || context->err != 0 || !Poll::attach(context, loop_.raw())) {
    ++failures_;
    if (context) redisAsyncFree(context);
    return lose("no connection");
  }
  ::fcntl(context->c.fd, F_SETFD, FD_CLOEXEC);  // hiredis leaves it to whatever is started later
  context_ = context;
  context->data = this;
  redisAsyncSetConnectCallback(context, Calls::connected);
  redisAsyncSetDisconnectCallback(context, Calls::disconnected);
}

void RedisLink::log_in() {
  redisEnableKeepAlive(&context_->c);
  if (url_.password.empty()) {
    redisAsyncCommand(context_, Calls::logged_in, nullptr, "PING");
  } else if (url_.user.empty()) {
    redisAsyncCommand(context_, Calls::logged_in, nullptr, "AUTH %b", url_.password.data(),
                      url_.password.size());
  } else {
    redisAsyncCommand(context_, Calls::logged_in, nullptr, "AUTH %b %b", url_.user.data(),
                      url_.user.size(), url_.password.data(), url_.password.size());
  }
}

void RedisLink::subscribe(const std::string& channel) {
  if (!ready_) return;
  redisAsyncCommand(context_, Calls::subscribed, nullptr, "SUBSCRIBE %b", channel.data(),
                    channel.size());
}

void RedisLink::publish(const std::string& channel, std::string_view bytes) {
  if (!ready_) return;
  redisAsyncCommand(context_, Calls::published, reinterpret_cast<void*>(bytes.size()),
                    "PUBLISH %b %b", channel.data(), channel.size(), bytes.data(), bytes.size());
}

// Told from the loop's own stack: the owner may close or open the link there.
void RedisLink::lose(std::string why) {
  close();
  lost_why_ = std::move(why);
  lost_timer_.start(loop_, 0, [this] {
    if (handlers_.on_lost) handlers_.on_lost(lost_why_);
  });
}

void RedisLink::close() {
  ready_ = false;
  lost_timer_.stop();
  if (lookup_) {
    lookup_->link = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
    lookup_ = nullptr;
  }
  if (context_) {
    context_->data = nullptr;
    redisAsyncFree(std::exchange(context_, nullptr));
  }
}

}  // namespace chatpad::realtime

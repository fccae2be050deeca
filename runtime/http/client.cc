#include "runtime/http/client.h"

#include "runtime/base/check.h"
#include "runtime/http/client_multi.h"

namespace chatpad::http {

std::string_view ResponseHead::header(std::string_view name) const {
  for (const ResponseHeader& header : headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

Client::Client(Loop& loop, ClientOptions options)
    : multi_(std::make_shared<ClientMulti>(loop, std::move(options))) {}
Client::~Client() { CHECK(multi_->running == 0, "a client outlives its streams"); }
Loop& Client::loop() { return multi_->loop; }
size_t Client::transfers() const { return multi_->running; }

Stream::Stream(Client& client, ClientRequest request) {
  if (client.multi_->running >= client.multi_->options.transfers_max) {
    raise(Errc::overloaded, PublicText(), LogText("http client: transfers_max is reached"));
  }
  transfer_ = std::make_shared<Transfer>(client.multi_, std::move(request));
  transfer_->start();
}

Stream::~Stream() {
  if (transfer_) transfer_->abort();
}

Stream::Waiter::~Waiter() {
  if (waiting_) transfer_->waiter = nullptr;
}

void Stream::Waiter::wait(std::coroutine_handle<> awaiting, Wanted wanted) {
  CHECK(!transfer_->waiter, "one coroutine awaits a stream");
  transfer_->waiter = awaiting;
  transfer_->waiter_wants_chunk = wanted == Wanted::chunk;
  waiting_ = true;
}

bool Stream::HeadAwaiter::await_ready() const { return transfer_->head_complete(); }

void Stream::HeadAwaiter::await_suspend(std::coroutine_handle<> awaiting) {
  wait(awaiting, Wanted::head);
}

ResponseHead Stream::HeadAwaiter::await_resume() {
  waiting_ = false;
  return transfer_->take_head();
}

bool Stream::ChunkAwaiter::await_ready() const { return transfer_->has_chunk(); }

void Stream::ChunkAwaiter::await_suspend(std::coroutine_handle<> awaiting) {
  wait(awaiting, Wanted::chunk);
}

std::optional<std::string> Stream::ChunkAwaiter::await_resume() {
  waiting_ = false;
  return transfer_->take_chunk();
}

Task<Response> fetch(Client& client, ClientRequest request) {
  Stream stream(client, std::move(request));
  Response response;
  response.head = co_await stream.head();
  for (;;) {
    std::optional<std::string> chunk = co_await stream.next_chunk();
    if (!chunk) break;
    response.body += *chunk;
  }
  co_return response;
}

}  // namespace chatpad::http

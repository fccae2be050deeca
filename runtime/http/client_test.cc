#include "runtime/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/coro/scope.h"
#include "runtime/http/test_server.h"

namespace chatpad::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// Answers every connection with fixed bytes, after the head of the request has come.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::string answer) : answer_(std::move(answer)) {
    listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    CHECK(listen(listening_, 16) == 0, "listen");
    socklen_t size = sizeof address;
    getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
  }
  uint16_t port = 0;
  std::atomic<int> left{0};  // clients that closed
  std::string last_request;  // read it after the reply has arrived

 private:
  void serve() {
    for (;;) {
      const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      std::string head;
      char bytes[4096];
      while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0) break;
        head.append(bytes, static_cast<size_t>(n));
      }
      last_request = head;
      if (!answer_.empty()) send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      const bool ends = answer_.find("Connection: close") != std::string::npos;
      if (!ends) {
        pollfd ready{fd, POLLIN, 0};
        poll(&ready, 1, kPatienceMs);
      }
      ++left;
      close(fd);
    }
  }

  std::string answer_;
  int listening_ = -1;
  std::thread thread_;
};

ClientRequest request_to(uint16_t port, std::string_view path) {
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  return request;
}

struct Outcome {
  Response response;
  std::optional<Errc> errc;
  std::string cause;
};

Task<void> fetch_into(Client& client, ClientRequest request, Outcome& outcome) {
  try {
    outcome.response = co_await fetch(client, std::move(request));
  } catch (const Raised& raised) {
    outcome.errc = raised.error().errc;
    outcome.cause = raised.error().cause.value;
  }
}

class ClientTest : public testing::Test {
 protected:
  // One turn that does not wait: a turn may have its work done before it would wait for more.
  void turn() {
    uv_run(loop.raw(), UV_RUN_NOWAIT);
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  void run() {
    while (!scope.empty()) turn();
  }
  Outcome ask(ClientRequest request) {
    Outcome outcome;
    scope.spawn(fetch_into(*client, std::move(request), outcome));
    run();
    return outcome;
  }
  ~ClientTest() override {
    scope.cancel_all();
    client.reset();
  }

  Loop loop;
  std::unique_ptr<Client> client = std::make_unique<Client>(loop, ClientOptions{});
  Scope scope;
};

TEST_F(ClientTest, FetchGivesStatusHeadersAndBody) {
  TestServer server;
  const Outcome outcome = ask(request_to(server.port, "/hello"));
  ASSERT_FALSE(outcome.errc) << outcome.cause;
  EXPECT_EQ(outcome.response.head.status, 200);
  EXPECT_EQ(outcome.response.head.header("content-type"), "text/plain");
  EXPECT_EQ(outcome.response.body, "hello");
}

TEST_F(ClientTest, AnErrorStatusIsAnAnswer) {
  TestServer server;
  const Outcome outcome = ask(request_to(server.port, "/nothing"));
  ASSERT_FALSE(outcome.errc);
  EXPECT_EQ(outcome.response.head.status, 404);
  EXPECT_EQ(outcome.response.body, "no");
}

TEST_F(ClientTest, MethodHeadersAndBodyAreSentAndNothingElseIsAdded) {
  TestServer server;
  ClientRequest request = request_to(server.port, "/describe");
  request.method = "PUT";
  request.headers.push_back("X-Key: secret");
  request.body = std::string(200'000, 'b');
  const Outcome outcome = ask(std::move(request));
  const std::string& text = outcome.response.body;
  EXPECT_THAT(text, HasSubstr("PUT path=/describe"));
  EXPECT_THAT(text, HasSubstr("body=200000"));
  EXPECT_THAT(text, HasSubstr("[x-key=secret]"));
  EXPECT_THAT(text, HasSubstr("[user-agent=ChatPad]"));
  EXPECT_THAT(text, testing::Not(HasSubstr("[expect=")));
  EXPECT_THAT(text, testing::Not(HasSubstr("[content-type=")));
}

TEST_F(ClientTest, ConnectionsAreKeptAndReused) {
  TestServer server;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask(request_to(server.port, "/hello")).errc);
  EXPECT_EQ(server.stats().accepted, 1u);
}

TEST_F(ClientTest, ManyTransfersRunAtOnce) {
  TestServer server;
  std::vector<Outcome> outcomes(40);
  for (Outcome& outcome : outcomes) {
    scope.spawn(fetch_into(*client, request_to(server.port, "/later?x"), outcome));
  }
  run();
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.response.body, "/later?x");
}

Task<void> read_slowly(Client& client, Loop& loop, ClientRequest request, size_t& bytes,
                       size_t& largest) {
  Stream stream(client, std::move(request));
  const ResponseHead head = co_await stream.head();
  CHECK(head.status == 200, "the stream is there");
  for (;;) {
    std::optional<std::string> chunk = co_await stream.next_chunk();
    if (!chunk) break;
    bytes += chunk->size();
    largest = std::max(largest, chunk->size());
    co_await sleep_for(loop, 1);
  }
}

TEST_F(ClientTest, AStreamPausesWhenItIsNotRead) {
  TestServer server;
  ClientRequest request = request_to(server.port, "/stream?4000000");
  size_t bytes = 0;
  size_t largest = 0;
  scope.spawn(read_slowly(*client, loop, std::move(request), bytes, largest));
  run();
  EXPECT_EQ(bytes, 4'000'000u);
  EXPECT_LE(largest, 64u * 1024 + 16u * 1024);
}

Task<void> read_first_chunk(Client& client, ClientRequest request, int& chunks) {
  Stream stream(client, std::move(request));
  const ResponseHead head = co_await stream.head();
  CHECK(head.status == 200, "the stream is there");
  for (;;) {
    std::optional<std::string> chunk = co_await stream.next_chunk();
    if (!chunk) break;
    ++chunks;
  }
}

TEST_F(ClientTest, CancellingTheTaskClosesTheUpstream) {
  TestServer server;
  int chunks = 0;
  ClientRequest request = request_to(server.port, "/forever");
  request.response_bytes_max = size_t{1} << 40;
  scope.spawn(read_first_chunk(*client, std::move(request), chunks));
  while (chunks < 3) turn();
  scope.cancel_all();
  EXPECT_EQ(client->transfers(), 0u);
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_gone == 1; }));
}

TEST_F(ClientTest, CancellingBeforeTheConnectionIsThereIsClean) {
  TestServer server;
  int chunks = 0;
  scope.spawn(read_first_chunk(*client, request_to(server.port, "/hello"), chunks));
  scope.cancel_all();
  EXPECT_EQ(client->transfers(), 0u);
  EXPECT_FALSE(ask(request_to(server.port, "/hello")).errc);
}

TEST_F(ClientTest, DeadlinesAreKept) {
  ScriptedServer silent("");
  ClientRequest total = request_to(silent.port, "/");
  total.total_ms = 50;
  EXPECT_EQ(ask(std::move(total)).errc, Errc::deadline_exceeded);
  ScriptedServer stuck("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  ClientRequest idle = request_to(stuck.port, "/");
  idle.idle_ms = 50;
  EXPECT_EQ(ask(std::move(idle)).errc, Errc::deadline_exceeded);
}

TEST_F(ClientTest, ABrokenAnswerIsAnUpstreamFailure) {
  ScriptedServer cut("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc");
  EXPECT_EQ(ask(request_to(cut.port, "/")).errc, Errc::upstream_failed);
  ScriptedServer garbage("Connection: close\r\n\r\n\x01\x02\x03");
  EXPECT_EQ(ask(request_to(garbage.port, "/")).errc, Errc::upstream_failed);
  ScriptedServer many("HTTP/1.1 200 OK\r\nConnection: close\r\nA: " + std::string(70'000, 'a') +
                      "\r\n\r\n");
  EXPECT_EQ(ask(request_to(many.port, "/")).errc, Errc::upstream_failed);
  EXPECT_EQ(ask(request_to(1, "/")).errc, Errc::upstream_failed);
}

TEST_F(ClientTest, AnAnswerThatIsTooLargeIsCutWhereItCrossesTheLimit) {
  TestServer server;
  ClientRequest request = request_to(server.port, "/forever");
  request.response_bytes_max = 100'000;
  const Outcome outcome = ask(std::move(request));
  EXPECT_EQ(outcome.errc, Errc::upstream_failed);
  EXPECT_EQ(outcome.cause, "the response is too large");
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_gone == 1; }));
}

TEST_F(ClientTest, RedirectsAreNotFollowed) {
  ScriptedServer server(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
      "Content-Length: 0\r\nConnection: close\r\n\r\n");
  const Outcome outcome = ask(request_to(server.port, "/"));
  EXPECT_EQ(outcome.response.head.status, 302);
  EXPECT_EQ(outcome.response.head.header("location"), "http://127.0.0.1:1/");
}

TEST_F(ClientTest, InterimAnswersAreSkippedAndTrailersDropped) {
  ScriptedServer server(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "2\r\nok\r\n0\r\nTrailer: y\r\n\r\n");
  const Outcome outcome = ask(request_to(server.port, "/"));
  EXPECT_EQ(outcome.response.head.status, 200);
  EXPECT_EQ(outcome.response.head.header("link"), "");
  EXPECT_EQ(outcome.response.body, "ok");
}

TEST_F(ClientTest, OnlyHttpIsSpoken) {
  ClientRequest file;
  file.url = "file:///etc/hostname";
  EXPECT_EQ(ask(std::move(file)).errc, Errc::upstream_failed);
  ClientRequest user;
  user.url = "http://user@127.0.0.1:1/";
  EXPECT_EQ(ask(std::move(user)).errc, Errc::upstream_failed);
}

TEST_F(ClientTest, ProxyVariablesAreNotRead) {
  TestServer server;
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const Outcome outcome = ask(request_to(server.port, "/hello"));
  unsetenv("http_proxy");
  EXPECT_EQ(outcome.response.body, "hello");
}

TEST_F(ClientTest, ALineBreakInAHeaderIsRefused) {
  TestServer server;
  ClientRequest request = request_to(server.port, "/hello");
  request.headers.push_back("X: a\r\nEvil: b");
  EXPECT_EQ(ask(std::move(request)).errc, Errc::internal);
  EXPECT_EQ(server.stats().requests, 0u);
}

TEST_F(ClientTest, TheAddressFilterIsAskedBeforeConnecting) {
  TestServer server;
  ClientOptions options;
  options.address_allowed = [](const sockaddr&) { return false; };
  client = std::make_unique<Client>(loop, std::move(options));
  const Outcome outcome = ask(request_to(server.port, "/hello"));
  EXPECT_EQ(outcome.errc, Errc::validation_failed);
  EXPECT_EQ(outcome.cause, "address not allowed");
  EXPECT_EQ(server.stats().accepted, 0u);
}

TEST_F(ClientTest, TransfersAreLimited) {
  ScriptedServer silent("");
  ClientOptions options;
  options.transfers_max = 1;
  client = std::make_unique<Client>(loop, std::move(options));
  Outcome first, second;
  ClientRequest request = request_to(silent.port, "/");
  request.total_ms = 50;
  scope.spawn(fetch_into(*client, request, first));
  scope.spawn(fetch_into(*client, request, second));
  run();
  EXPECT_EQ(first.errc, Errc::deadline_exceeded);
  EXPECT_EQ(second.errc, Errc::overloaded);
}

}  // namespace
}  // namespace chatpad::http

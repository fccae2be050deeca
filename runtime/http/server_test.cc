#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/http/test_server.h"

namespace chatpad::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\n";

TEST(Server, AGetIsAnsweredAndTheConnectionStaysOpen) {
  TestServer server;
  Peer peer(server.port);
  for (int i = 0; i < 3; ++i) {
    const std::string reply = peer.ask(get("/hello"));
    EXPECT_THAT(reply, StartsWith(kOk));
    EXPECT_THAT(reply, HasSubstr("Content-Type: text/plain\r\n"));
    EXPECT_THAT(reply, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(reply, HasSubstr("\r\nDate: "));
    EXPECT_THAT(reply, Not(HasSubstr("Connection: close")));
    EXPECT_THAT(reply, EndsWith("\r\n\r\nhello"));
  }
  EXPECT_EQ(server.stats().requests, 3u);
  EXPECT_EQ(server.stats().connections, 1u);
}

TEST(Server, ARequestArrivesWithItsPartsTakenApart) {
  TestServer server;
  Peer peer(server.port);
  const std::string reply = peer.ask(
      "PATCH /describe?a=1&b=%0A HTTP/1.1\r\nHost: example.org:8000\r\n"
      "X-Odd:   spaced \t\r\nEmpty:\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_THAT(reply, HasSubstr("PATCH path=/describe query=a=1&b=%0A peer=127.0.0.1 upgrade=no "
                               "body=2 [host=example.org:8000] [x-odd=spaced] [empty=] "
                               "[content-length=2]"));
}

TEST(Server, ARequestThatArrivesByteByByteIsTheSame) {
  TestServer server;
  Peer peer(server.port);
  for (const char c : post("/echo", "slowly but surely")) {
    ASSERT_TRUE(peer.send(std::string_view(&c, 1)));
  }
  EXPECT_THAT(peer.read_reply(), EndsWith("\r\n\r\nslowly but surely"));
  EXPECT_THAT(peer.ask(get("/hello")), EndsWith("hello"));
}

TEST(Server, ALargeBodyArrivesWhole) {
  TestServer server;
  Peer peer(server.port);
  std::string body(900'000, 'a');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
  const std::string reply = peer.ask(post("/echo", body));
  EXPECT_TRUE(reply.ends_with(body));
}

TEST(Server, AChunkedBodyIsJoined) {
  TestServer server;
  Peer peer(server.port);
  const std::string reply = peer.ask(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "4;name=\"v\"\r\nWiki\r\n05\r\npedia\r\nA\r\n in chunks\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_THAT(reply, EndsWith("\r\n\r\nWikipedia in chunks"));
  EXPECT_THAT(peer.ask(get("/hello")), EndsWith("hello"));
}

TEST(Server, HeadIsMeasuredButHasNoBody) {
  TestServer server;
  Peer peer(server.port);
  peer.send("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(peer.ask(get("/echo")), StartsWith(kOk));
}

TEST(Server, NoContentHasNeitherBodyNorLength) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/none"));
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
}

TEST(Server, Http10ClosesUnlessKeepAliveIsAsked) {
  TestServer server;
  Peer closing(server.port);
  closing.send("GET /hello HTTP/1.0\r\n\r\n");
  const std::string reply = closing.read_to_end();
  EXPECT_THAT(reply, StartsWith(kOk));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  Peer keeping(server.port);
  const std::string kept = keeping.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(kept, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(keeping.ask(get("/hello")), StartsWith(kOk));
}

TEST(Server, ConnectionCloseIsHonoured) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/hello", "Connection: close\r\n"));
  EXPECT_THAT(peer.read_to_end(), EndsWith("\r\n\r\nhello"));
  Peer other(server.port);
  other.send(get("/close"));
  EXPECT_THAT(other.read_to_end(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(server.connections_become(0));
}

TEST(Server, ExpectContinueIsAnsweredBeforeTheBody) {
  TestServer server;
  Peer peer(server.port);
  peer.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(peer.ask("abc"), EndsWith("\r\n\r\nabc"));
}

TEST(Server, AReplyMayComeBeforeTheBodyAndTheConnectionStays) {
  TestServer server;
  Peer peer(server.port);
  EXPECT_THAT(peer.ask(post("/early", std::string(40'000, 'b'))), EndsWith("early"));
  EXPECT_THAT(peer.ask(post("/early", "now")), EndsWith("early"));
  EXPECT_THAT(peer.ask(get("/hello")), EndsWith("hello"));
  EXPECT_EQ(server.counts.bodies, 1);
}

TEST(Server, AReplyBeforeALargeBodyEndsTheConnectionReadably) {
  TestServer server;
  Peer peer(server.port);
  peer.send("POST /early HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\n\r\n");
  peer.send(std::string(50'000, 'b'));
  const std::string reply = peer.read_reply();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(peer.closed_by_server());
}

TEST(Server, ALaterReplyStillSeesTheRequest) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/later?one"));
  peer.send(get("/later?two") + get("/hello"));
  EXPECT_THAT(peer.read_reply(), EndsWith("/later?one"));
  EXPECT_THAT(peer.read_reply(), EndsWith("/later?two"));
  EXPECT_THAT(peer.read_reply(), EndsWith("hello"));
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_gone == 2; }));
}

TEST(Server, AThousandPipelinedRequestsAreAnsweredInOrder) {
  TestServer server;
  Peer peer(server.port);
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    all += i % 10 == 3 ? post("/echo", "number " + std::to_string(i))
                       : get("/describe?" + std::to_string(i));
  }
  std::thread writer([&] { peer.send(all); });
  for (int i = 0; i < 1000; ++i) {
    const std::string reply = peer.read_reply();
    ASSERT_THAT(reply, HasSubstr(i % 10 == 3 ? "\r\n\r\nnumber " + std::to_string(i)
                                             : "query=" + std::to_string(i) + " "));
  }
  writer.join();
}

TEST(Server, PipelinedInputBehindAPendingReplyIsBounded) {
  ServerLimits limits;
  limits.pipeline_bytes_max = 8 * 1024;
  TestServer server(limits);
  Peer peer(server.port);
  const int small = 16 * 1024;
  setsockopt(peer.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  peer.send(get("/never"));
  const std::string flood(1 << 20, 'a');
  size_t taken = 0;
  for (int quiet = 0; quiet < 20 && taken < 64 * flood.size();) {
    const ssize_t n = send(peer.fd(), flood.data(), flood.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    quiet = n > 0 ? 0 : quiet + 1;
    if (n > 0) taken += static_cast<size_t>(n);
    if (n <= 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  // The kernel's own buffers take a few megabytes at most.
  EXPECT_LT(taken, 16 * flood.size());
  peer.reset();
  EXPECT_TRUE(server.connections_become(0));
  EXPECT_EQ(server.counts.attachments_gone, 1);
}

TEST(Server, AHalfClosedClientGetsItsReply) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/later?half") + get("/hello"));
  peer.half_close();
  const std::string all = peer.read_to_end();
  EXPECT_THAT(all, HasSubstr("/later?half"));
  EXPECT_THAT(all, EndsWith("hello"));
  EXPECT_TRUE(server.connections_become(0));
}

TEST(Server, AHalfClosedClientGetsAWholeStream) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/stream?3000000"));
  peer.half_close();
  const std::string all = peer.read_to_end();
  EXPECT_THAT(all, EndsWith("0\r\n\r\n"));
  EXPECT_GT(all.size(), 3'000'000u);
}

TEST(Server, AClientThatResetsCancelsItsRequest) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/never"));
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_made == 1; }));
  peer.reset();
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_gone == 1; }));
  EXPECT_TRUE(server.connections_become(0));
}

TEST(Server, AHalfClosedClientThatThenResetsCancelsItsRequest) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/never"));
  peer.half_close();
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_made == 1; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(server.counts.attachments_gone, 0);
  peer.reset();
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_gone == 1; }));
}

TEST(Server, AStreamIsChunkedAndTheConnectionStays) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/stream?20000"));
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  const std::string body = peer.read_until("0\r\n\r\n");
  EXPECT_THAT(body, StartsWith("4000\r\ny"));
  EXPECT_THAT(peer.ask(get("/hello")), EndsWith("hello"));
}

TEST(Server, AStreamForHttp10EndsWithTheConnection) {
  TestServer server;
  Peer peer(server.port);
  peer.send("GET /stream?20000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = peer.read_to_end();
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
  EXPECT_TRUE(all.ends_with(std::string(20'000, 'y')));
}

TEST(Server, AStreamForHeadHasNoBody) {
  TestServer server;
  Peer peer(server.port);
  peer.send("HEAD /stream?20000 HTTP/1.1\r\nHost: t\r\n\r\n" + get("/hello"));
  peer.read_until("\r\n\r\n");
  EXPECT_THAT(peer.read_reply(), StartsWith(kOk));
}

TEST(Server, AStreamWaitsForAClientThatReadsSlowly) {
  TestServer server;
  Peer peer(server.port, 8 * 1024);
  peer.send(get("/stream?6000000", "Connection: close\r\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  size_t bytes = 0;
  for (std::string more = peer.read_some(); !more.empty(); more = peer.read_some()) {
    bytes += more.size();
  }
  EXPECT_GT(bytes, 6'000'000u);
  EXPECT_FALSE(peer.was_reset());
}

TEST(Server, AClientThatResetsEndsAStream) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/forever"));
  EXPECT_FALSE(peer.read_some().empty());
  peer.reset();
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_gone == 1; }));
  EXPECT_TRUE(server.connections_become(0));
}

TEST(Server, AClientThatStopsReadingIsCut) {
  ServerLimits limits;
  limits.write_stall_ms = 50;
  TestServer server(limits);
  Peer peer(server.port, 8 * 1024);
  peer.send(get("/big?20000000"));
  EXPECT_TRUE(server.eventually([&] { return server.stats().timeouts == 1; }));
  EXPECT_TRUE(server.connections_become(0));
}

TEST(Server, ALargeReplyArrivesWhole) {
  TestServer server;
  Peer peer(server.port);
  for (int i = 0; i < 2; ++i) {
    const std::string reply = peer.ask(get("/big?5000000"));
    EXPECT_TRUE(reply.ends_with(std::string(5'000'000, 'x')));
  }
}

TEST(Server, PipelinedLargeRepliesDoNotPileUpForASlowReader) {
  TestServer server;
  Peer peer(server.port, 8 * 1024);
  std::string all;
  for (int i = 0; i < 100; ++i) all += get("/big?200000");
  peer.send(all);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(server.stats().requests, 60u);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(peer.read_reply().ends_with(std::string(200'000, 'x'))) << i;
  }
}

TEST(Server, ADetachedSocketIsTheHandlersOwn) {
  TestServer server;
  int fd = -1;
  std::string unread;
  server.handler.on_detached = [&](Exchange&, DetachedSocket socket) {
    fd = socket.fd;
    unread = socket.unread;
    const std::string_view hello = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    CHECK(send(fd, hello.data(), hello.size(), 0) > 0, "the socket is open");
  };
  Peer peer(server.port);
  peer.send(
      "GET /detach HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\n"
      "Upgrade: websocket\r\n\r\nafter");
  EXPECT_THAT(peer.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  EXPECT_TRUE(server.connections_become(0));
  EXPECT_EQ(unread, "after");
  server.stop();
  EXPECT_EQ(send(fd, "still", 5, 0), 5);
  ::close(fd);
  EXPECT_EQ(peer.read_to_end(), "still");
}

TEST(Server, ADetachedSocketCanBePolledByTheSameLoopAtOnce) {
  TestServer server;
  struct Reader {
    uv_poll_t poll;
    int fd = -1;
  } reader;
  server.handler.on_detached = [&](Exchange& exchange, DetachedSocket socket) {
    reader.fd = socket.fd;
    uv_poll_init(exchange.loop().raw(), &reader.poll, socket.fd);
    reader.poll.data = &reader;
    uv_poll_start(&reader.poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
      auto* self = static_cast<Reader*>(handle->data);
      char bytes[16];
      const ssize_t n = recv(self->fd, bytes, sizeof bytes, 0);
      if (n > 0) send(self->fd, bytes, static_cast<size_t>(n), 0);
      uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
      ::close(self->fd);
    });
  };
  Peer peer(server.port);
  peer.send(get("/detach"));
  EXPECT_TRUE(server.eventually([&] { return server.stats().requests == 1; }));
  EXPECT_TRUE(server.connections_become(0));
  peer.send("ping");
  EXPECT_EQ(peer.read_to_end(), "ping");
}

}  // namespace
}  // namespace chatpad::http

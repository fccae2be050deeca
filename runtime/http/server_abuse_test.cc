#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/http/test_server.h"

namespace chatpad::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Case {
  std::string_view what;
  std::string bytes;
  int status;
  std::string_view code;
};

std::string with_headers(std::string_view headers) {
  return "GET /hello HTTP/1.1\r\nHost: t\r\n" + std::string(headers) + "\r\n";
}
std::string post_with(std::string_view headers, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: t\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

// Sends each case twice, whole and byte by byte, before a request that must never be served.
void expect_refused(const std::vector<Case>& cases) {
  TestServer server;
  for (const Case& c : cases) {
    for (const bool whole : {true, false}) {
      SCOPED_TRACE(std::string(c.what) + (whole ? "" : ", byte by byte"));
      const int served = server.counts.bodies;
      Peer peer(server.port);
      const std::string bytes = c.bytes + get("/hello");
      if (whole) {
        peer.send(bytes);
      } else {
        for (const char& byte : bytes) {
          if (!peer.send(std::string_view(&byte, 1))) break;
        }
      }
      const std::string reply = peer.read_reply();
      EXPECT_THAT(reply, StartsWith("HTTP/1.1 " + std::to_string(c.status) + " "));
      EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
      EXPECT_THAT(reply, HasSubstr("{\"code\":\"" + std::string(c.code) + "\"}"));
      peer.half_close();
      EXPECT_TRUE(peer.closed_by_server());
      EXPECT_EQ(server.counts.bodies, served);
    }
  }
  Peer peer(server.port);
  EXPECT_THAT(peer.ask(get("/hello")), EndsWith("hello"));
}

TEST(ServerAbuse, ContentLengthsThatCanBeReadTwoWaysAreRefused) {
  expect_refused({
      {"two lengths", post_with("Content-Length: 5\r\nContent-Length: 40\r\n", "hello"), 400,
       "bad_content_length"},
      {"the same length twice", post_with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
       400, "bad_content_length"},
      {"a list", post_with("Content-Length: 5, 5\r\n", "hello"), 400, "bad_content_length"},
      {"plus", post_with("Content-Length: +5\r\n", "hello"), 400, "bad_content_length"},
      {"trailing text", post_with("Content-Length: 5abc\r\n", "hello"), 400, "bad_content_length"},
      {"hexadecimal", post_with("Content-Length: 0x5\r\n", "hello"), 400, "bad_content_length"},
      {"negative", post_with("Content-Length: -1\r\n", "hello"), 400, "bad_content_length"},
      {"forty digits",
       post_with("Content-Length: 0000000000000000000000000000000000000005\r\n", "hello"), 400,
       "bad_content_length"},
      {"overflow", post_with("Content-Length: 18446744073709551621\r\n", "hello"), 400,
       "bad_content_length"},
      {"empty", post_with("Content-Length:\r\n", "hello"), 400, "bad_content_length"},
      {"a space before the colon", post_with("Content-Length : 5\r\n", "hello"), 400,
       "bad_request"},
      {"a tab before the colon", post_with("Content-Length\t: 5\r\n", "hello"), 400, "bad_request"},
  });
}

TEST(ServerAbuse, TransferEncodingIsExactlyChunkedAndAlone) {
  expect_refused({
      {"length and chunked",
       post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
       "bad_content_length"},
      {"chunked and length",
       post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400,
       "bad_content_length"},
      {"gzip, chunked", post_with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400,
       "bad_request"},
      {"chunked, identity", post_with("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400,
       "bad_request"},
      {"twice chunked", post_with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400,
       "bad_request"},
      {"two headers",
       post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
       "bad_request"},
      {"another word", post_with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400,
       "bad_request"},
      {"vertical tab",
       post_with("Transfer-Encoding: \x0b"
                 "chunked\r\n",
                 "0\r\n\r\n"),
       400, "bad_request"},
      {"empty", post_with("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400, "bad_request"},
      {"a space before the colon", post_with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400,
       "bad_request"},
      {"in HTTP/1.0",
       "POST /echo HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "bad_request"},
  });
}

TEST(ServerAbuse, ChunksAreReadByTheLetter) {
  const std::string_view chunked = "Transfer-Encoding: chunked\r\n";
  expect_refused({
      {"bare LF after the size", post_with(chunked, "5\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"bare LF after the data", post_with(chunked, "5\r\nhello\n0\r\n\r\n"), 400, "bad_request"},
      {"bare LF in an extension", post_with(chunked, "5;a\nb\r\nhello\r\n0\r\n\r\n"), 400,
       "bad_request"},
      {"bare CR in an extension", post_with(chunked, "5;a\rb\r\nhello\r\n0\r\n\r\n"), 400,
       "bad_request"},
      {"data longer than the size", post_with(chunked, "4\r\nhello\r\n0\r\n\r\n"), 400,
       "bad_request"},
      {"prefix", post_with(chunked, "0x5\r\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"sign", post_with(chunked, "+5\r\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"negative", post_with(chunked, "-1\r\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"space before the size", post_with(chunked, " 5\r\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"space after the size", post_with(chunked, "5 \r\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"no size", post_with(chunked, "\r\nhello\r\n0\r\n\r\n"), 400, "bad_request"},
      {"a size of nine digits", post_with(chunked, "000000005\r\nhello\r\n0\r\n\r\n"), 400,
       "bad_request"},
      {"an endless extension", post_with(chunked, "5;" + std::string(300, 'e') + "\r\n"), 400,
       "bad_request"},
      {"a folded trailer", post_with(chunked, "0\r\n folded: x\r\n\r\n"), 400, "bad_request"},
      {"trailers without end", post_with(chunked, "0\r\na: " + std::string(5000, 'x')), 431,
       "headers_too_large"},
  });
}

TEST(ServerAbuse, HostIsOneValidHost) {
  expect_refused({
      {"missing", "GET /hello HTTP/1.1\r\nX: y\r\n\r\n", 400, "bad_request"},
      {"no headers at all", "GET /hello HTTP/1.1\r\n\r\n", 400, "bad_request"},
      {"twice", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: evil\r\n\r\n", 400, "bad_request"},
      {"twice in two cases", "GET /hello HTTP/1.1\r\nHost: x\r\nhOST: x\r\n\r\n", 400,
       "bad_request"},
      {"empty", "GET /hello HTTP/1.1\r\nHost: \r\n\r\n", 400, "bad_request"},
      {"list", "GET /hello HTTP/1.1\r\nHost: x, evil\r\n\r\n", 400, "bad_request"},
      {"user", "GET /hello HTTP/1.1\r\nHost: a@evil\r\n\r\n", 400, "bad_request"},
      {"path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_request"},
      {"backslash", "GET /hello HTTP/1.1\r\nHost: a\\b\r\n\r\n", 400, "bad_request"},
      {"port of letters", "GET /hello HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, "bad_request"},
      {"256 bytes", "GET /hello HTTP/1.1\r\nHost: " + std::string(256, 'a') + "\r\n\r\n", 400,
       "bad_request"},
      {"absolute form with another host", "GET http://evil/hello HTTP/1.1\r\nHost: t\r\n\r\n", 400,
       "bad_request"},
  });
}

TEST(ServerAbuse, LinesAndCharactersAreStrict) {
  using namespace std::string_literals;
  expect_refused({
      {"bare LF in the request line", "GET /hello HTTP/1.1\nHost: t\r\n\r\n", 400, "bad_request"},
      {"bare LF between headers", with_headers("A: b\nC: d\r\n"), 400, "bad_request"},
      {"bare LF at the end", "GET /hello HTTP/1.1\r\nHost: t\r\n\n", 400, "bad_request"},
      {"bare CR in a value", with_headers("A: b\rC: d\r\n"), 400, "bad_request"},
      {"CR CR LF", with_headers("A: b\r\r\n"), 400, "bad_request"},
      {"folded header", with_headers("A: b\r\n c\r\n"), 400, "bad_request"},
      {"folded with a tab", with_headers("A: b\r\n\tc\r\n"), 400, "bad_request"},
      {"space before the first header", "GET /hello HTTP/1.1\r\n Host: t\r\n\r\n", 400,
       "bad_request"},
      {"NUL in a value", with_headers("A: b\0c\r\n"s), 400, "bad_request"},
      {"NUL in a name", with_headers("A\0: b\r\n"s), 400, "bad_request"},
      {"NUL in the target", "GET /he\0llo HTTP/1.1\r\nHost: t\r\n\r\n"s, 400, "bad_request"},
      {"escape in a value", with_headers("A: \x1b[31m\r\n"), 400, "bad_request"},
      {"DEL in a value", with_headers("A: \x7f\r\n"), 400, "bad_request"},
      {"tab in the target", "GET /he\tllo HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"space in the target", "GET /he llo HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"two spaces", "GET  /hello HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"fragment", "GET /hello#x HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"no colon", with_headers("Nothing\r\n"), 400, "bad_request"},
      {"no name", with_headers(": value\r\n"), 400, "bad_request"},
      {"a name with a space", with_headers("A b: c\r\n"), 400, "bad_request"},
      {"a name with a bracket", with_headers("A(b): c\r\n"), 400, "bad_request"},
      {"a name beyond ASCII", with_headers("\xc3\xa4: c\r\n"), 400, "bad_request"},
      {"encoded LF in the path", get("/a%0aX-Forwarded-For:6.6.6.6"), 400, "bad_request"},
      {"encoded CR in the path", get("/a%0D"), 400, "bad_request"},
      {"encoded NUL in the path", get("/a%00"), 400, "bad_request"},
      {"encoded NUL in the query", get("/hello?a=%00"), 400, "bad_request"},
      {"relative path", "GET hello HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"asterisk with GET", "GET * HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"two empty lines first", "\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 400,
       "bad_request"},
  });
}

TEST(ServerAbuse, VersionsAndMethodsAreAClosedList) {
  expect_refused({
      {"HTTP/0.9", "GET /hello\r\n", 400, "bad_request"},
      {"HTTP/9.9", "GET /hello HTTP/9.9\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"HTTP/1.2", "GET /hello HTTP/1.2\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"HTTP/2.0", "GET /hello HTTP/2.0\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"lower case", "GET /hello http/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"another protocol", "GET /hello RTSP/1.0\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"a longer version", "GET /hello HTTP/1.10\r\nHost: t\r\n\r\n", 400, "bad_request"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400, "bad_request"},
      {"CONNECT", "CONNECT t:443 HTTP/1.1\r\nHost: t:443\r\n\r\n", 405, "method_not_allowed"},
      {"TRACE", "TRACE /hello HTTP/1.1\r\nHost: t\r\n\r\n", 405, "method_not_allowed"},
      {"unknown", "BREW /hello HTTP/1.1\r\nHost: t\r\n\r\n", 405, "method_not_allowed"},
      {"lower case method", "get /hello HTTP/1.1\r\nHost: t\r\n\r\n", 405, "method_not_allowed"},
  });
}

TEST(ServerAbuse, HeadersThatDecideAboutAccessComeOnce) {
  std::vector<Case> cases;
  for (const std::string name : {"Authorization", "apikey", "Content-Type", "Origin", "Expect"}) {
    const std::string value = name == "Expect" ? "100-continue" : "a";
    cases.push_back({"repeated",
                     with_headers(name + ": " + value + "\r\n" + name + ": " + value + "\r\n"), 400,
                     "bad_request"});
  }
  expect_refused(cases);
}

TEST(ServerAbuse, SizesAreLimited) {
  std::string thousand;
  for (int i = 0; i < 1000; ++i) thousand += "A" + std::to_string(i) + ": b\r\n";
  std::string hundred_and_one;
  for (int i = 0; i < 100; ++i) hundred_and_one += "A: b\r\n";
  expect_refused({
      {"one header of 16 KiB", with_headers("A: " + std::string(16 * 1024, 'a') + "\r\n"), 431,
       "headers_too_large"},
      {"one header of 64 KiB", with_headers("A: " + std::string(64 * 1024, 'a') + "\r\n"), 431,
       "headers_too_large"},
      {"a thousand headers", with_headers(thousand), 431, "headers_too_large"},
      {"101 headers", with_headers(hundred_and_one), 431, "headers_too_large"},
      {"a target of 8 KiB and one", get("/" + std::string(8 * 1024, 'a')), 414, "uri_too_long"},
      {"a target of 100 KB", get("/" + std::string(100'000, 'a')), 414, "uri_too_long"},
      {"a declared body", post_with("Content-Length: 1048577\r\n", ""), 413, "payload_too_large"},
      {"a body declared as absurd", post_with("Content-Length: 999999999999999999\r\n", ""), 413,
       "payload_too_large"},
      {"a declared body that waits",
       post_with("Content-Length: 1048577\r\nExpect: 100-continue\r\n", ""), 413,
       "payload_too_large"},
      {"a chunk", post_with("Transfer-Encoding: chunked\r\n", "100001\r\n"), 413,
       "payload_too_large"},
      {"a compressed body", post_with("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x"), 415,
       "unsupported_media_type"},
      {"a doubly compressed body",
       post_with("Content-Encoding: gzip, br\r\nContent-Length: 1\r\n", "x"), 415,
       "unsupported_media_type"},
      {"another expectation", with_headers("Expect: tea\r\n"), 400, "bad_request"},
  });
}

TEST(ServerAbuse, TheLimitsThemselvesAreAllowed) {
  TestServer server;
  Peer peer(server.port);
  std::string headers;
  for (int i = 0; i < 99; ++i) headers += "A: b\r\n";
  EXPECT_THAT(peer.ask(with_headers(headers)), EndsWith("hello"));
  EXPECT_THAT(peer.ask(with_headers("A: " + std::string(16'000, 'a') + "\r\n")), EndsWith("hello"));
  EXPECT_THAT(peer.ask(get("/hello?" + std::string(8 * 1024 - 7, 'a'))), EndsWith("hello"));
  EXPECT_THAT(peer.ask(post("/echo", std::string(1 << 20, 'a'))), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(peer.ask("\r\n" + get("/hello")), EndsWith("hello"));
  EXPECT_THAT(peer.ask("GET http://t/hello HTTP/1.1\r\nHost: t\r\n\r\n"), EndsWith("hello"));
  EXPECT_THAT(peer.ask("GET /hello HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"), EndsWith("hello"));
  EXPECT_THAT(peer.ask(with_headers("A: tab\there, caf\xc3\xa9\r\n")), EndsWith("hello"));
  EXPECT_THAT(peer.ask("OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n"), StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(server.stats().refused, 0u);
}

TEST(ServerAbuse, ManySmallChunksOverTheLimitAreCutWhenTheyCrossIt) {
  TestServer server({}, 1000);
  Peer peer(server.port);
  peer.send(post_with("Transfer-Encoding: chunked\r\n", ""));
  for (int i = 0; i < 101; ++i) peer.send("a\r\n0123456789\r\n");
  EXPECT_THAT(peer.read_reply(), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(server.counts.bodies, 0);
}

TEST(ServerAbuse, UpgradeToHttp2IsNeverAnswered) {
  TestServer server;
  Peer peer(server.port);
  peer.send(with_headers("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                         "HTTP2-Settings: garbage!\r\n") +
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const std::string all = peer.read_to_end();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(all, Not(HasSubstr(" 101 ")));
  EXPECT_THAT(all, EndsWith("hello"));
}

TEST(ServerAbuse, OnlyAWebsocketIsAnUpgrade) {
  TestServer server;
  Peer peer(server.port);
  EXPECT_THAT(peer.ask(get("/describe", "Connection: upgrade\r\nUpgrade: WebSocket\r\n")),
              HasSubstr("upgrade=yes"));
  EXPECT_THAT(peer.ask(get("/describe", "Upgrade: websocket\r\n")), HasSubstr("upgrade=no"));
  EXPECT_THAT(peer.ask(get("/describe", "Connection: upgrade\r\nUpgrade: foo\r\n")),
              HasSubstr("upgrade=no"));
}

TEST(ServerAbuse, ARefusalKnowsTheOriginOfTheRequest) {
  TestServer server;
  Peer peer(server.port);
  const std::string_view headers = "Content-Length: 9999999\r\nOrigin: https://shop.example\r\n";
  EXPECT_THAT(peer.ask(post_with(headers, "")), HasSubstr("X-Origin: https://shop.example\r\n"));
}

TEST(ServerAbuse, ARefusalIsReadableWhileTheBodyIsStillComing) {
  TestServer server;
  Peer peer(server.port);
  peer.send(post_with("Content-Length: 20000000\r\n", ""));
  std::thread writer([&] {
    const std::string part(1 << 16, 'b');
    for (int i = 0; i < 300 && peer.send(part); ++i) {
    }
  });
  const std::string reply = peer.read_reply();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(reply, EndsWith("{\"code\":\"payload_too_large\"}"));
  EXPECT_TRUE(server.connections_become(0));
  writer.join();
}

TEST(ServerAbuse, SlowHeadsAndBodiesAreTimedOut) {
  ServerLimits limits;
  limits.header_ms = 60;
  limits.body_ms = 60;
  TestServer server(limits);
  Peer head(server.port);
  Peer body(server.port);
  head.send("GET /hello HT");
  body.send(post_with("Content-Length: 10\r\n", "12345"));
  for (Peer* peer : {&head, &body}) {
    const std::string reply = peer->read_reply();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(reply, HasSubstr("request_timeout"));
  }
  EXPECT_EQ(server.stats().timeouts, 2u);
  EXPECT_EQ(server.counts.bodies, 0);
}

TEST(ServerAbuse, ADripOfBytesDoesNotMoveTheDeadlines) {
  ServerLimits limits;
  limits.header_ms = 100;
  limits.body_ms = 100;
  TestServer server(limits);
  Peer head(server.port);
  Peer body(server.port);
  body.send(post_with("Content-Length: 100000\r\n", ""));
  const std::string request = get("/hello", "A: " + std::string(10'000, 'a') + "\r\n");
  for (const char& c : request) {
    if (!head.send({&c, 1}) || !body.send("b")) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (server.stats().timeouts == 2) break;
  }
  EXPECT_EQ(server.stats().timeouts, 2u);
}

TEST(ServerAbuse, SilentConnectionsAreClosed) {
  ServerLimits limits;
  limits.first_byte_ms = 50;
  limits.idle_ms = 60;
  TestServer server(limits);
  Peer silent(server.port);
  Peer idle(server.port);
  EXPECT_THAT(idle.ask(get("/hello")), EndsWith("hello"));
  EXPECT_TRUE(silent.closed_by_server());
  EXPECT_TRUE(idle.closed_by_server());
}

TEST(ServerAbuse, HundredsOfSilentConnectionsAreClosed) {
  ServerLimits limits;
  limits.first_byte_ms = 200;
  TestServer server(limits);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 300; ++i) peers.push_back(std::make_unique<Peer>(server.port));
  EXPECT_TRUE(server.eventually([&] { return server.stats().accepted == 300; }));
  EXPECT_TRUE(server.connections_become(0));
  Peer peer(server.port);
  EXPECT_THAT(peer.ask(get("/hello")), EndsWith("hello"));
}

TEST(ServerAbuse, AClientThatLeavesInTheMiddleLeavesNothing) {
  TestServer server;
  for (const std::string& bytes :
       {get("/hello").substr(0, 20), post("/echo", "whole body").substr(0, 60), get("/never"),
        get("/stream?1000000"), get("/forever"), get("/big?3000000"), get("/later?x")}) {
    for (int how = 0; how < 3; ++how) {
      Peer peer(server.port);
      peer.send(bytes);
      if (how == 0) peer.reset();
      if (how == 1) {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        peer.reset();
      }
      // A plain close; a pending reply is only missed when something is sent.
      if (how == 2 && bytes == get("/never")) peer.reset();
    }
  }
  EXPECT_TRUE(server.connections_become(0));
  EXPECT_EQ(server.counts.attachments_made, server.counts.attachments_gone);
}

TEST(ServerAbuse, UrgentDataIsNotABusyLoop) {
  ServerLimits limits;
  limits.pipeline_bytes_max = 1024;
  TestServer server(limits);
  Peer peer(server.port);
  peer.send(get("/never") + std::string(100'000, 'a'));
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_made == 1; }));
  send(peer.fd(), "!", 1, MSG_OOB);
  EXPECT_TRUE(server.connections_become(0));
}

TEST(ServerAbuse, AServerThatIsDestroyedEndsItsRequests) {
  TestServer server;
  Peer waiting(server.port);
  Peer streaming(server.port);
  Peer half(server.port);
  waiting.send(get("/never"));
  streaming.send(get("/forever"));
  half.send("GET /hel");
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_made == 2; }));
  server.stop();
  EXPECT_EQ(server.counts.attachments_gone, 2);
  EXPECT_TRUE(half.closed_by_server());
}

TEST(ServerDrain, IdleConnectionsCloseAndPendingRepliesAreFinished) {
  TestServer server;
  Peer idle(server.port);
  Peer busy(server.port);
  EXPECT_THAT(idle.ask(get("/hello")), EndsWith("hello"));
  busy.send(get("/later?x"));
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_made == 1; }));
  std::promise<void> drained;
  server.on_loop([&] { server.server().drain(5000, [&] { drained.set_value(); }); });
  EXPECT_TRUE(idle.closed_by_server());
  const std::string reply = busy.read_reply();
  EXPECT_THAT(reply, EndsWith("/later?x"));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_FALSE(server.on_loop([&] { return server.server().accepting(); }));
}

TEST(ServerDrain, ARequestThatArrivesMeanwhileGets503) {
  TestServer server;
  Peer peer(server.port);
  peer.send("GET /hello HTTP/1.1\r\nHo");
  EXPECT_TRUE(server.connections_become(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::promise<void> drained;
  server.on_loop([&] { server.server().drain(5000, [&] { drained.set_value(); }); });
  peer.send("st: t\r\n\r\n");
  const std::string reply = peer.read_reply();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(reply, HasSubstr("\"draining\""));
  peer.close();
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST(ServerDrain, WhatDoesNotFinishInTimeIsCut) {
  TestServer server;
  Peer peer(server.port);
  peer.send(get("/never"));
  EXPECT_TRUE(server.eventually([&] { return server.counts.attachments_made == 1; }));
  std::promise<void> drained;
  server.on_loop([&] { server.server().drain(50, [&] { drained.set_value(); }); });
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_EQ(server.counts.attachments_gone, 1);
}

}  // namespace
}  // namespace chatpad::http

// Real sockets against a SocketServer on the same thread: the test turns the loop while it waits.
#include "realtime/socket/socket_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "realtime/socket/testing.h"
#include "runtime/base/clock.h"

namespace chatpad::realtime {
namespace {

using ::testing::HasSubstr;

enum class Mask : uint8_t { yes, no };

// One client frame. `first` is the byte with FIN and opcode; the mask is a real one.
std::string frame(uint8_t first, std::string_view payload, Mask mask = Mask::yes) {
  const char key[4] = {0x11, 0x22, 0x33, 0x44};
  const uint8_t bit = mask == Mask::yes ? 0x80 : 0;
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(bit | payload.size());
  } else if (payload.size() <= 0xffff) {
    out += static_cast<char>(bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  } else {
    out += static_cast<char>(bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  if (mask == Mask::no) return out.append(payload);
  out.append(key, 4);
  for (size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
  return out;
}

const char* const kHeartbeat = R"([null,"5","phoenix","heartbeat",{}])";
const char* const kJoin = R"(["1","1","realtime:room","phx_join",{}])";

struct Frame {
  uint8_t opcode = 0;
  std::string payload;
  int close_code() const {
    return payload.size() < 2
               ? 0
               : static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]);
  }
};

class SocketServerTest : public ::testing::Test {
 protected:
  void start(SocketLimits limits = {}, HubLimits hub_limits = {}) {
    HubOptions options;
    options.limits = hub_limits;
    options.limits.rate_scale = 1000;
    options.feed = FeedState::not_required;
    server.emplace(loop, std::move(options), limits);
    port = server->listen(0);
  }
  void TearDown() override {
    if (!server) return;
    server->stop();
    loop.run();
    EXPECT_EQ(server->sockets().stats().sockets, 0u);
    EXPECT_EQ(server->hub().stats().sessions, 0u);
  }
  bool until(const std::function<bool()>& done, uint64_t ms = 8000) {
    const uint64_t end = monotonic_ms() + ms;
    while (!done()) {
      if (monotonic_ms() > end) return false;
      if (uv_run(loop.raw(), UV_RUN_NOWAIT) == 0) return done();
      usleep(200);
    }
    return true;
  }

  Loop loop;
  std::optional<testing::FixtureServer> server;
  uint16_t port = 0;
};

struct Client {
  Client(uint16_t port, int receive_buffer = 0) : fd(socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer)
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    unsent = (std::string(
        "GET /realtime/v1/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"));
  }
  ~Client() { close(fd); }
  // Frames wait for the answer to the handshake.
  void send(std::string_view bytes) {
    (upgraded ? unsent : later).append(bytes);
    if (upgraded) move();
  }
  // Moves bytes both ways as far as they go; true when something came or the connection ended.
  void move() {
    if (!unsent.empty()) {
      const ssize_t n = ::send(fd, unsent.data(), unsent.size(), MSG_NOSIGNAL);
      if (n > 0) unsent.erase(0, static_cast<size_t>(n));
    }
    char buffer[65536];
    for (;;) {
      const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
      if (n == 0 || (n < 0 && errno != EAGAIN)) ended = true;
      if (n <= 0) return;
      received.append(buffer, static_cast<size_t>(n));
    }
  }
  bool open() {
    move();
    const size_t end = received.find("\r\n\r\n");
    if (upgraded || end == std::string::npos) return upgraded;
    EXPECT_THAT(received.substr(0, end), HasSubstr("101"));
    received.erase(0, end + 4);
    unsent.append(later);
    return upgraded = true;
  }
  std::optional<Frame> next() {
    move();
    if (!open() || received.size() < 2) return std::nullopt;
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(received[i]); };
    size_t size = byte(1), head = 2;
    if (size == 126) head = 4;
    if (size == 127) head = 10;
    if (received.size() < head) return std::nullopt;
    if (head > 2) size = 0;
    for (size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
    if (received.size() < head + size) return std::nullopt;
    Frame out{static_cast<uint8_t>(byte(0) & 15), received.substr(head, size)};
    received.erase(0, head + size);
    return out;
  }

  int fd;
  bool upgraded = false;
  bool ended = false;
  std::string received, unsent, later;
};

#define NEXT(client, out) \
  ASSERT_TRUE(until([&] { return (out = (client).next()).has_value(); })) << "no frame came"

TEST_F(SocketServerTest, EchoesABroadcastThroughAdoptedSockets) {
  start();
  Client a(port), b(port);
  ASSERT_TRUE(until([&] { return a.open() && b.open(); }));
  a.send(frame(0x81, kJoin));
  b.send(frame(0x81, kJoin));
  std::optional<Frame> got;
  NEXT(a, got);
  EXPECT_THAT(got->payload, HasSubstr(R"("status":"ok")"));
  NEXT(b, got);
  a.send(frame(0x81, R"(["1","2","realtime:room","broadcast",{"event":"hi","payload":{"a":1}}])"));
  NEXT(b, got);
  EXPECT_EQ(got->opcode, 2);
  EXPECT_THAT(got->payload, HasSubstr(R"(realtime:roomhi{"a":1})"));
}

TEST_F(SocketServerTest, ReassemblesFragmentsAndRefusesTooManyOrTooLargeOnes) {
  SocketLimits limits;
  limits.message_bytes_max = 100'000;
  limits.fragments_max = 50;
  start(limits);
  Client c(port), many(port), large(port), announced(port);
  const std::string text = kHeartbeat;
  c.send(frame(0x01, text.substr(0, 3)) + frame(0x00, "") + frame(0x00, text.substr(3, 4)) +
         frame(0x80, text.substr(7)));
  std::optional<Frame> got;
  NEXT(c, got);
  EXPECT_THAT(got->payload, HasSubstr("phx_reply"));
  ASSERT_TRUE(until([&] { return many.open() && large.open() && announced.open(); }));
  many.send(frame(0x01, "["));
  for (int i = 0; i < 100; ++i) many.send(frame(0x00, ""));
  NEXT(many, got);
  EXPECT_EQ(got->opcode, 8);
  EXPECT_EQ(got->close_code(), 1009);
  large.send(frame(0x81, std::string(100'001, ' ')));
  NEXT(large, got);
  EXPECT_EQ(got->close_code(), 1009);
  std::string huge("\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00", 10);  // says 2^62 bytes
  announced.send(huge + "abcd0123456789");
  NEXT(announced, got);
  EXPECT_EQ(got->close_code(), 1009);
  ASSERT_TRUE(until([&] {
    announced.move();
    return announced.ended;
  }));
}

TEST_F(SocketServerTest, AMessageOfTheLimitPasses) {
  start();
  Client c(port);
  std::string text = kHeartbeat;
  text.insert(0, kFrameBytesMax - text.size(), ' ');
  c.send(frame(0x81, text));
  std::optional<Frame> got;
  NEXT(c, got);
  EXPECT_THAT(got->payload, HasSubstr("phx_reply"));
}

TEST_F(SocketServerTest, InvalidUtf8IsClosedWith1007) {
  start();
  Client c(port);
  c.send(frame(0x81, "\"\xed\xa0\x80\""));
  std::optional<Frame> got;
  NEXT(c, got);
  EXPECT_EQ(got->close_code(), 1007);
}

TEST_F(SocketServerTest, AnUnmaskedFirstFrameIsClosedWith1002) {
  start();
  Client c(port), slow(port);
  ASSERT_TRUE(until([&] { return c.open() && slow.open(); }));
  c.send(frame(0x81, kHeartbeat, Mask::no));
  std::optional<Frame> got;
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 8);
  EXPECT_EQ(got->close_code(), 1002);
  // A header that comes byte by byte is waited for.
  const std::string whole = frame(0x81, kHeartbeat);
  slow.send(whole.substr(0, 1));
  EXPECT_FALSE(until(
      [&] {
        slow.move();
        return slow.ended || !slow.received.empty();
      },
      100));
  slow.send(whole.substr(1));
  NEXT(slow, got);
  EXPECT_THAT(got->payload, HasSubstr("phx_reply"));
}

TEST_F(SocketServerTest, AnyUnmaskedFrameIsClosedWith1002AndAClientThatKeepsTheRulesStays) {
  start();
  Client c(port), good(port);
  std::optional<Frame> got;
  c.send(frame(0x81, kHeartbeat) + frame(0x81, kHeartbeat, Mask::no));
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 1);
  NEXT(c, got);
  EXPECT_EQ(got->close_code(), 1002);
  good.send(frame(0x81, kHeartbeat) + frame(0x81, kHeartbeat));
  NEXT(good, got);
  NEXT(good, got);
  EXPECT_EQ(got->opcode, 1);
}

TEST_F(SocketServerTest, APartialMessageEndsInTimeAndAllOfThemInMemory) {
  SocketLimits limits;
  limits.message_ms = 100;
  limits.gathered_bytes_max = 50'000;
  start(limits);
  Client slow(port), a(port), b(port);
  std::optional<Frame> got;
  slow.send(frame(0x01, "["));
  NEXT(slow, got);
  EXPECT_EQ(got->close_code(), 1008);
  EXPECT_THAT(got->payload, HasSubstr("slow_message"));
  a.send(frame(0x01, std::string(30'000, ' ')));
  ASSERT_TRUE(until([&] { return a.open(); }));
  b.send(frame(0x01, std::string(30'000, ' ')));
  ASSERT_TRUE(until([&] { return (got = a.next()).has_value() || (got = b.next()).has_value(); }));
  EXPECT_TRUE(got->close_code() == 1009 || got->close_code() == 1008);
}

TEST_F(SocketServerTest, AFloodOfPingsIsClosedAndOnlySoManyAreAnswered) {
  SocketLimits limits;
  limits.controls_per_s = 20;
  start(limits);
  Client c(port);
  ASSERT_TRUE(until([&] { return c.open(); }));
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += frame(0x89, "x");
  c.send(flood);
  std::optional<Frame> got;
  int pongs = 0;
  do {
    NEXT(c, got);
    pongs += got->opcode == 10 ? 1 : 0;
  } while (got->opcode != 8);
  EXPECT_EQ(pongs, 20);
  EXPECT_EQ(got->close_code(), 1008);
}

TEST_F(SocketServerTest, ACloseFrameIsAnsweredWithItsCodeAndABadOneWith1002) {
  start();
  const std::pair<std::string, int> cases[] = {{std::string("\x03\xe8", 2), 1000},
                                               {std::string("\x0f\xa1reason", 8), 4001},
                                               {"", 0},
                                               {std::string("\x03\xed", 2), 1002},
                                               {std::string("\x00\x00", 2), 1002},
                                               {"\x03", 1002},
                                               {std::string("\x03\xe8\xff", 3), 1002}};
  for (const auto& [payload, code] : cases) {
    Client c(port);
    c.send(frame(0x88, payload));
    std::optional<Frame> got;
    NEXT(c, got);
    EXPECT_EQ(got->opcode, 8);
    EXPECT_EQ(got->close_code(), code);
    ASSERT_TRUE(until([&] {
      c.move();
      return c.ended;
    }));
  }
}

TEST_F(SocketServerTest, BytesBeforeTheHandshakeIsAnsweredEndTheConnection) {
  start();
  Client c(port);
  c.unsent += frame(0x81, kHeartbeat);
  c.move();
  ASSERT_TRUE(until([&] {
    c.move();
    return c.ended;
  }));
}

TEST_F(SocketServerTest, ProtocolBreachesEndTheConnection) {
  start();
  for (const std::string& bytes :
       {frame(0xC1, kHeartbeat), frame(0x83, "x"), frame(0x09, "x"), frame(0x80, "x")}) {
    Client c(port);
    ASSERT_TRUE(until([&] { return c.open(); }));
    c.send(bytes);
    std::optional<Frame> got;
    NEXT(c, got);
    EXPECT_EQ(got->close_code(), 1002);
  }
  Client alive(port);
  alive.send(frame(0x81, kHeartbeat));
  std::optional<Frame> got;
  NEXT(alive, got);
}

TEST_F(SocketServerTest, PingsAreAnsweredAndSilenceIsPingedThenClosed) {
  SocketLimits limits;
  limits.ping_ms = 100;
  limits.idle_ms = 400;
  limits.first_message_ms = 60'000;
  start(limits);
  Client c(port);
  ASSERT_TRUE(until([&] { return c.open(); }));
  c.send(frame(0x81, kHeartbeat) + frame(0x89, "hello"));
  std::optional<Frame> got;
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 10) << "a pong does not wait for the end of the turn";
  EXPECT_EQ(got->payload, "hello");
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 1);
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 9) << "a silent client is pinged";
  c.send(frame(0x8A, got->payload));
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 9) << "a pong keeps the connection";
  NEXT(c, got);
  EXPECT_EQ(got->close_code(), 1001);
  ASSERT_TRUE(until([&] {
    c.move();
    return c.ended;
  }));
}

TEST_F(SocketServerTest, ASocketThatNeverSpeaksIsClosed) {
  SocketLimits limits;
  limits.first_message_ms = 80;
  start(limits);
  Client c(port);
  std::optional<Frame> got;
  NEXT(c, got);
  EXPECT_EQ(got->close_code(), 1001);
  EXPECT_THAT(got->payload, HasSubstr("never_joined"));
}

TEST_F(SocketServerTest, TheClosingHandshakeOfAClientIsAnswered) {
  start();
  Client c(port);
  c.send(frame(0x81, kHeartbeat));
  std::optional<Frame> got;
  NEXT(c, got);
  c.send(frame(0x88, std::string("\x03\xe8", 2)));
  NEXT(c, got);
  EXPECT_EQ(got->opcode, 8);
  ASSERT_TRUE(until([&] {
    c.move();
    return c.ended;
  }));
  EXPECT_TRUE(until([&] { return server->hub().stats().sessions == 0; }));
}

TEST_F(SocketServerTest, ASlowReaderIsClosedWith1013AndItsPeerGetsEveryMessage) {
  HubLimits limits;
  limits.outbox_bytes_max = 256 * 1024;
  start({}, limits);
  Client slow(port, 4096), good(port);
  std::optional<Frame> got;
  slow.send(frame(0x81, kJoin));
  good.send(frame(0x81, kJoin));
  NEXT(slow, got);
  NEXT(good, got);
  Message message;
  message.topic = "room";
  message.privacy = Privacy::open;
  message.event = "e";
  const std::string filler(16'000, 'x');
  int sent = 0;
  for (; sent < 4000 && server->hub().stats().slow_readers == 0; ++sent) {
    message.payload = "\"" + std::to_string(sent) + filler + "\"";
    server->hub().deliver(message);
    NEXT(good, got);
    EXPECT_THAT(got->payload.substr(0, 40), HasSubstr("\"" + std::to_string(sent) + "x"));
  }
  EXPECT_EQ(server->hub().stats().slow_readers, 1u);
  // What it had coming is whole and in order up to the close frame.
  int expected = 0;
  bool closed = false;
  EXPECT_TRUE(until([&] {
    while (auto next = slow.next()) {
      if (next->opcode == 8) {
        EXPECT_EQ(next->close_code(), 1013);
        closed = true;
      } else {
        EXPECT_THAT(next->payload.substr(0, 40),
                    HasSubstr("\"" + std::to_string(expected++) + "x"));
      }
    }
    return slow.ended;
  }));
  EXPECT_TRUE(closed);
  EXPECT_LT(expected, sent);
}

TEST_F(SocketServerTest, FramesStayWholeBetweenPingsToAReaderThatStops) {
  HubLimits limits;
  limits.outbox_bytes_max = 64 * 1024 * 1024;
  start({}, limits);
  Client c(port, 4096);
  std::optional<Frame> got;
  c.send(frame(0x81, kJoin));
  NEXT(c, got);
  Message message;
  message.topic = "room";
  message.privacy = Privacy::open;
  message.event = "e";
  int expected = 0, pongs = 0;
  for (int i = 0; i < 600; ++i) {
    message.payload =
        "\"" + std::to_string(i) + std::string(static_cast<size_t>(i * 97 % 18000), 'x') + "\"";
    server->hub().deliver(message);
    if (i % 7 == 0) c.send(frame(0x89, "p"));
    if (i % 50 == 49) {
      until([&] {
        if (auto f = c.next()) {
          if (f->opcode == 10) {
            ++pongs;
            return false;
          }
          EXPECT_THAT(f->payload.substr(0, 40), HasSubstr("e\"" + std::to_string(expected++)));
        }
        return expected > i - 20;
      });
    } else {
      if (!c.unsent.empty())
        ::send(c.fd, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL), c.unsent.clear();
      uv_run(loop.raw(), UV_RUN_NOWAIT);
    }
  }
  EXPECT_TRUE(until([&] {
    while (auto f = c.next()) {
      if (f->opcode == 10) ++pongs;
      if (f->opcode != 2) continue;
      EXPECT_THAT(f->payload.substr(0, 40), HasSubstr("e\"" + std::to_string(expected++)));
    }
    return expected == 600;
  }));
  EXPECT_GT(pongs, 0);
}

TEST_F(SocketServerTest, DrainTellsEveryClientToComeBack) {
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<Client>(port));
  for (auto& c : clients) c->send(frame(0x81, kJoin));
  std::optional<Frame> got;
  for (auto& c : clients) {
    NEXT(*c, got);
  }
  server->stop();
  for (auto& c : clients) {
    NEXT(*c, got);
    EXPECT_EQ(got->close_code(), 1012);
  }
  clients.clear();
  loop.run();
  EXPECT_EQ(server->sockets().stats().sockets, 0u);
  server.reset();
}

TEST_F(SocketServerTest, AThousandConnectionsComeAndGoWithoutATrace) {
  start();
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(std::make_unique<Client>(port));
      if (i % 3) clients.back()->send(frame(0x81, kJoin));
      clients.back()->move();
    }
    until([&] {
      for (auto& c : clients) c->move();
      return server->sockets().stats().adopted >= static_cast<uint64_t>(round) * 50 + 25;
    });
  }
  EXPECT_TRUE(until([&] { return server->sockets().stats().sockets == 0; }));
  EXPECT_EQ(server->hub().stats().channels, 0u);
}

}  // namespace
}  // namespace chatpad::realtime

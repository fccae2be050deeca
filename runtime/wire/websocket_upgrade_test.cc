#include "runtime/wire/websocket_upgrade.h"

#include <gtest/gtest.h>

#include <vector>

namespace chatpad::wire {
namespace {

constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455, 1.3

using Headers = std::vector<HeaderField>;

Headers good_headers() {
  return {{"host", "shop.example"},        {"upgrade", "websocket"},
          {"connection", "Upgrade"},       {"sec-websocket-key", kKey},
          {"sec-websocket-version", "13"}, {"origin", "https://shop.example"}};
}

Headers with(std::string_view name, std::string_view value) {
  Headers headers = good_headers();
  for (HeaderField& header : headers) {
    if (header.name == name) {
      header.value = value;
      return headers;
    }
  }
  headers.push_back({name, value});
  return headers;
}

Headers plus(std::string_view name, std::string_view value) {
  Headers headers = good_headers();
  headers.push_back({name, value});
  return headers;
}

Headers without(std::string_view name) {
  Headers headers = good_headers();
  std::erase_if(headers, [&](const HeaderField& header) { return header.name == name; });
  return headers;
}

Result<UpgradeRequest> check(const Headers& headers, std::string_view method = "GET") {
  return check_upgrade(UpgradeHead{method, 1, 1, headers});
}

TEST(WebsocketUpgrade, AcceptsABrowsersHandshake) {
  const auto upgrade = check(good_headers());
  ASSERT_TRUE(upgrade.ok());
  EXPECT_EQ(upgrade->key, kKey);
}

TEST(WebsocketUpgrade, AcceptsTheFormsOtherClientsUse) {
  EXPECT_TRUE(check(with("upgrade", "WebSocket")).ok());
  EXPECT_TRUE(check(with("connection", "keep-alive, Upgrade")).ok());
  EXPECT_TRUE(check(with("connection", "upgrade")).ok());
  EXPECT_TRUE(check(with("connection", "close ,\tUPGRADE ")).ok());
  EXPECT_TRUE(check(plus("connection", "keep-alive")).ok());
  EXPECT_TRUE(check(plus("content-length", "0")).ok());
  EXPECT_TRUE(check(plus("sec-websocket-extensions", "permessage-deflate")).ok());
  EXPECT_TRUE(check(plus("sec-websocket-protocol", "x")).ok());
  EXPECT_TRUE(check(without("origin")).ok()) << "origins are the caller's decision";
}

TEST(WebsocketUpgrade, OnlyGetOverHttp11) {
  for (const char* method : {"POST", "HEAD", "get", "OPTIONS", "CONNECT", ""}) {
    const auto refused = check(good_headers(), method);
    ASSERT_FALSE(refused.ok()) << method;
    EXPECT_EQ(refused.error().errc, Errc::method_not_allowed);
  }
  const Headers headers = good_headers();
  for (const auto& [major, minor] : {std::pair{1, 0}, {2, 0}, {0, 9}, {9, 9}, {1, 2}}) {
    EXPECT_FALSE(check_upgrade(UpgradeHead{"GET", major, minor, headers}).ok());
  }
}

TEST(WebsocketUpgrade, ARequestWithoutUpgradeIsToldToUpgrade) {
  EXPECT_EQ(check(without("upgrade")).error().errc, Errc::upgrade_required);
  EXPECT_EQ(check(without("sec-websocket-version")).error().errc, Errc::upgrade_required);
  for (const char* version :
       {"8", "0", "14", "013", "13, 8", "13,13", "+13", "", "thirteen", "13.0"}) {
    EXPECT_EQ(check(with("sec-websocket-version", version)).error().errc, Errc::upgrade_required)
        << version;
  }
  EXPECT_FALSE(check(plus("sec-websocket-version", "13")).ok());
  EXPECT_FALSE(check(plus("sec-websocket-version", "8")).ok());
}

TEST(WebsocketUpgrade, NothingButWebsocketOnce) {
  for (const char* upgrade :
       {"h2c", "websocket, h2c", "h2c, websocket", "websocket,websocket", "", "web socket",
        "websocket/13", "websockets", "TLS/1.2", "websocket;q=1", "\"websocket\""}) {
    EXPECT_FALSE(check(with("upgrade", upgrade)).ok()) << upgrade;
  }
  EXPECT_FALSE(check(plus("upgrade", "websocket")).ok());
  EXPECT_FALSE(check(plus("upgrade", "h2c")).ok());
}

TEST(WebsocketUpgrade, ConnectionMustNameUpgrade) {
  for (const char* connection :
       {"", "close", "keep-alive", "upgrades", "up grade", "HTTP2-Settings", "x-upgrade", ",,,"}) {
    EXPECT_FALSE(check(with("connection", connection)).ok()) << connection;
  }
  EXPECT_FALSE(check(without("connection")).ok());
}

TEST(WebsocketUpgrade, TheKeyIsSixteenBytesOnce) {
  for (const char* key :
       {"", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZXg=",
        "dGhlIHNhbXBsZSBub25j____", "dGhlIHNhbXBsZSBub25jZXh5", "========================",
        "dGhlIHNhbXBsZSBub2 jZQ==", "dGhlIHNhbXBsZSBub25jZQ==\r\nX: y"}) {
    EXPECT_FALSE(check(with("sec-websocket-key", key)).ok()) << key;
  }
  EXPECT_FALSE(check(plus("sec-websocket-key", kKey)).ok());
  EXPECT_FALSE(check(without("sec-websocket-key")).ok());
}

TEST(WebsocketUpgrade, AHandshakeHasOneHostAndNoBody) {
  EXPECT_FALSE(check(without("host")).ok());
  EXPECT_FALSE(check(plus("host", "evil.example")).ok());
  EXPECT_FALSE(check(plus("content-length", "5")).ok());
  EXPECT_FALSE(check(plus("content-length", "00")).ok());
  EXPECT_FALSE(check(plus("transfer-encoding", "chunked")).ok());
}

// The example of RFC 6455, section 1.3.
TEST(WebsocketUpgrade, TheAnswerProvesThatTheKeyWasRead) {
  EXPECT_EQ(switching_protocols(kKey),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(WebsocketFrame, HeadersMatchTheStandard) {
  const auto header = [](FrameType type, size_t size) {
    std::string out;
    append_frame_header(out, type, size);
    return out;
  };
  EXPECT_EQ(header(FrameType::text, 5), std::string("\x81\x05", 2));
  EXPECT_EQ(header(FrameType::binary, 0), std::string("\x82\x00", 2));
  EXPECT_EQ(header(FrameType::ping, 125), std::string("\x89\x7d", 2));
  EXPECT_EQ(header(FrameType::pong, 0), std::string("\x8a\x00", 2));
  EXPECT_EQ(header(FrameType::text, 125), std::string("\x81\x7d", 2));
  EXPECT_EQ(header(FrameType::text, 126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(header(FrameType::text, 256), std::string("\x81\x7e\x01\x00", 4));
  EXPECT_EQ(header(FrameType::binary, 65535), std::string("\x82\x7e\xff\xff", 4));
  EXPECT_EQ(header(FrameType::binary, 65536), std::string("\x82\x7f\0\0\0\0\0\x01\0\0", 10));
}

TEST(WebsocketFrame, AWholeFrameIsHeaderAndPayload) {
  std::string out;
  append_frame(out, FrameType::text, "Hello");
  EXPECT_EQ(out, "\x81\x05Hello");
}

TEST(WebsocketFrame, ACloseFrameCarriesCodeAndReason) {
  std::string out;
  append_close_frame(out, 1012, "restart");
  EXPECT_EQ(out, std::string("\x88\x09\x03\xf4restart", 11));
}

TEST(WebsocketFrame, ALongReasonIsCutBetweenCharacters) {
  std::string reason(122, 'x');
  reason += "\xc3\xa9tail";
  std::string out;
  append_close_frame(out, 1000, reason);
  EXPECT_EQ(out.size(), 2u + 2u + 122u);
  out.clear();
  append_close_frame(out, 1000, std::string(123, 'x') + "more");
  EXPECT_EQ(out.size(), 2u + 125u);
}

}  // namespace
}  // namespace chatpad::wire

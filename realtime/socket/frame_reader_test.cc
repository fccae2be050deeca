#include "realtime/socket/frame_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace chatpad::realtime {
namespace {

std::string head(uint8_t first, uint8_t second, std::string_view more = {}) {
  std::string out;
  out += static_cast<char>(first);
  out += static_cast<char>(second);
  return out.append(more);
}

std::string frame(uint8_t first, std::string_view payload, uint32_t key = 0x44332211) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() <= 0xffff) {
    out += static_cast<char>(0x80 | 126);
    for (int shift = 8; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  } else {
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(key >> shift);
  for (size_t i = 0; i < payload.size(); ++i) {
    out += static_cast<char>(payload[i] ^ static_cast<char>(key >> (8 * (i % 4))));
  }
  return out;
}

// What a stream means, in words: "T<text>" and "B<bytes>" messages, "9", "A", "8" with payloads.
struct Reading {
  explicit Reading(size_t bytes_max = 1 << 20, uint32_t fragments_max = 1024)
      : reader(bytes_max, fragments_max) {}
  void feed(std::string bytes) {
    reader.feed(bytes.data(), bytes.size());
    for (FramePiece p = reader.next(); p.kind != PieceKind::none; p = reader.next()) take(p);
  }
  void take(const FramePiece& p) {
    const std::string bytes(p.bytes);
    if (p.kind == PieceKind::ping) heard.push_back("9" + bytes);
    if (p.kind == PieceKind::pong) heard.push_back("A" + bytes);
    if (p.kind == PieceKind::close) heard.push_back("8" + bytes);
    if (p.kind == PieceKind::breach) heard.push_back("breach");
    if (p.kind == PieceKind::too_big) heard.push_back("too_big");
    if (p.kind != PieceKind::message) return;
    if (p.first) message = p.type == MessageType::text ? "T" : "B";
    message += bytes;
    if (p.last) heard.push_back(message);
  }
  FrameReader reader;
  std::string message;
  std::vector<std::string> heard;
};

using Heard = std::vector<std::string>;

TEST(FrameReader, ReadsMessagesInPiecesWithControlFramesBetweenThem) {
  Reading r;
  r.feed(frame(0x81, "whole") + frame(0x02, "a") + frame(0x89, "p") + frame(0x00, "") +
         frame(0x80, "b") + frame(0x8a, "") + frame(0x88, "\x03\xe8"));
  EXPECT_EQ(r.heard, (Heard{"Twhole", "9p", "Bab", "A", "8\x03\xe8"}));
  EXPECT_FALSE(r.reader.in_message());
}

TEST(FrameReader, ItDoesNotMatterHowTheNetworkCutsAStream) {
  std::mt19937 random(7);
  std::string stream;
  Heard expected;
  for (const size_t size : {0u, 1u, 125u, 126u, 300u, 65535u, 65536u, 70001u}) {
    std::string payload(size, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    const size_t half = size / 3;
    stream += frame(0x02, payload.substr(0, half), random()) + frame(0x89, "ping", random()) +
              frame(0x80, payload.substr(half), random());
    expected.push_back("9ping");
    expected.push_back("B" + payload);
  }
  for (const size_t most : {1u, 2u, 3u, 7u, 100u, 5000u, 1u << 20}) {
    Reading r;
    size_t at = 0;
    while (at < stream.size()) {
      const size_t size = std::min<size_t>(stream.size() - at, 1 + random() % most);
      r.feed(stream.substr(at, size));
      at += size;
    }
    EXPECT_TRUE(r.heard == expected) << most;
  }
}

TEST(FrameReader, EveryHeaderIsLookedAtNotOnlyTheFirst) {
  const std::string good = frame(0x81, "x");
  const std::pair<const char*, std::string> breaches[] = {
      {"no mask", head(0x81, 0x01, "x")},
      {"no mask on a ping", head(0x89, 0x00)},
      {"reserved bit 1", frame(0xc1, "x")},
      {"reserved bit 2", frame(0xa1, "x")},
      {"reserved bit 3", frame(0x91, "x")},
      {"data opcode 3", frame(0x83, "x")},
      {"data opcode 7", frame(0x87, "x")},
      {"control opcode 11", frame(0x8b, "x")},
      {"control opcode 15", frame(0x8f, "x")},
      {"a ping in pieces", frame(0x09, "x")},
      {"a long ping", head(0x89, 0xfe, std::string("\0\x7e", 2))},
      {"a continuation of nothing", frame(0x80, "x")},
      {"16 bits for 125", head(0x81, 0xfe, std::string("\0\x7d\1\2\3\4", 6))},
      {"64 bits for 65535", head(0x81, 0xff, std::string("\0\0\0\0\0\0\xff\xff\1\2\3\4", 12))},
      {"the sign bit", head(0x81, 0xff, std::string("\x80\0\0\0\0\0\0\0\1\2\3\4", 12))},
  };
  for (const auto& [what, bytes] : breaches) {
    Reading r;
    r.feed(good + bytes + good);
    EXPECT_EQ(r.heard, (Heard{"Tx", "breach"})) << what;
    r.feed(good);
    EXPECT_EQ(r.heard.size(), 2u) << "nothing is read behind a breach";
    Reading slow;
    for (const char c : good + bytes) slow.feed(std::string(1, c));
    EXPECT_EQ(slow.heard, (Heard{"Tx", "breach"})) << what << ", byte by byte";
  }
  Reading nested;
  nested.feed(frame(0x01, "a") + frame(0x81, "b"));
  EXPECT_EQ(nested.heard, Heard{"breach"}) << "a message inside a message";
}

TEST(FrameReader, AMessageIsTooBigAsSoonAsItSaysSo) {
  Reading announced(100, 10);
  announced.feed(head(0x81, 0xff, std::string("\x40\0\0\0\0\0\0\0\1\2\3\4", 12)));
  EXPECT_EQ(announced.heard, Heard{"too_big"});
  Reading exact(100, 10);
  exact.feed(frame(0x01, std::string(60, 'a')) + frame(0x80, std::string(40, 'a')));
  EXPECT_EQ(exact.heard.size(), 1u);
  exact.feed(frame(0x01, std::string(60, 'a')) + frame(0x80, std::string(41, 'a')));
  EXPECT_EQ(exact.heard.back(), "too_big");
  Reading many(100, 10);
  many.feed(frame(0x01, ""));
  for (int i = 0; i < 9; ++i) many.feed(frame(0x00, ""));
  EXPECT_TRUE(many.heard.empty());
  many.feed(frame(0x89, "") + frame(0x00, ""));
  EXPECT_EQ(many.heard, (Heard{"9", "too_big"})) << "control frames do not count";
}

TEST(CloseCode, OnlyCodesThatMayTravelAreOnes) {
  const auto code = [](int n, std::string_view reason = {}) {
    return close_code_of(std::string{static_cast<char>(n >> 8), static_cast<char>(n)} +
                         std::string(reason));
  };
  for (const int good : {1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999})
    EXPECT_EQ(code(good), good);
  for (const int bad : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    EXPECT_EQ(code(bad), 0) << bad;
  }
  EXPECT_EQ(close_code_of(""), 1005);
  EXPECT_EQ(close_code_of("\x03"), 0);
  EXPECT_EQ(code(1000, "\xff"), 0) << "a reason is UTF-8";
  EXPECT_EQ(code(1000, "bye"), 1000);
}

}  // namespace
}  // namespace chatpad::realtime

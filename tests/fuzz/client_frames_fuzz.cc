// The bytes of a websocket client: however the network cuts them, they mean the same, and what they
// mean is bounded.
//
// uses: realtime/socket/frame_reader.cc runtime/base/check.cc
// links:
#include <string>
#include <vector>

#include "realtime/socket/frame_reader.h"
#include "runtime/base/check.h"

using namespace chatpad::realtime;

namespace {

constexpr size_t kMessageBytesMax = 4096;
constexpr uint32_t kFragmentsMax = 16;

// What a stream means, pieces of a message put together.
struct Reading {
  FrameReader reader{kMessageBytesMax, kFragmentsMax};
  std::vector<std::string> heard;
  std::string message;
  bool inside = false;
  bool over = false;

  void feed(std::string bytes) {
    reader.feed(bytes.data(), bytes.size());
    for (FramePiece p = reader.next(); p.kind != PieceKind::none; p = reader.next()) take(p);
    CHECK(!reader.has_more(), "everything that was fed is used up");
  }

  void take(const FramePiece& piece) {
    CHECK(!over, "nothing comes behind a breach");
    if (piece.kind != PieceKind::message) {
      CHECK(piece.bytes.size() <= 125, "control payloads are short");
      over = piece.kind == PieceKind::breach || piece.kind == PieceKind::too_big;
      heard.push_back(std::to_string(static_cast<int>(piece.kind)) + std::string(piece.bytes));
      const uint16_t code = piece.kind == PieceKind::close ? close_code_of(piece.bytes) : 0;
      CHECK(code == 0 || code == 1005 || (code >= 1000 && code < 5000), "codes may travel");
      return;
    }
    CHECK(piece.first != inside, "a message begins once");
    inside = !piece.last;
    if (piece.first) message = piece.type == MessageType::text ? "t" : "b";
    message += piece.bytes;
    CHECK(message.size() <= kMessageBytesMax + 1, "messages are bounded");
    if (piece.last) heard.push_back(message);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // The first byte says how the rest is cut.
  const size_t cut = data[0] % 17 + 1;
  const std::string stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  Reading whole, pieces;
  whole.feed(stream);
  for (size_t at = 0; at < stream.size(); at += cut) pieces.feed(stream.substr(at, cut));
  CHECK(whole.heard == pieces.heard, "it does not matter how a stream is cut");
  CHECK(whole.reader.in_message() == pieces.reader.in_message(), "nor where it ends");
  return 0;
}

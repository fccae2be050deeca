// FrameReader: takes what a client sends apart into websocket frames, as RFC 6455 sections 5.2 to
// 5.5 have them, and looks at every header: masked, no reserved bit, a known opcode, control frames
// whole and short, continuations in their place, lengths in their shortest form.
//
// Bytes come in whatever pieces the network makes; payloads are unmasked where they stand and
// handed on as views, so nothing is copied but control payloads. It counts the bytes and the frames
// of a message against its limits as soon as a header announces them. Not here: UTF-8, putting
// messages together, answering.
//
//   reader.feed(bytes, size);
//   for (FramePiece p = reader.next(); p.kind != PieceKind::none; p = reader.next()) ...
//
// Pure, no I/O. After a breach next() gives nothing more: the connection is to be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chatpad::realtime {

enum class PieceKind : uint8_t {
  none,     // everything that was fed is used up
  message,  // a piece of a message
  ping,     // a whole control frame
  pong,
  close,
  breach,   // of the protocol
  too_big,  // more bytes or more frames than a message may have
};

enum class MessageType : uint8_t { text, binary };

struct FramePiece {
  PieceKind kind = PieceKind::none;
  MessageType type = MessageType::text;
  bool first = false;  // of its message
  bool last = false;   // of its message
  std::string_view bytes;
};

class FrameReader {
 public:
  FrameReader(size_t message_bytes_max, uint32_t fragments_max)
      : message_bytes_max_(message_bytes_max), fragments_max_(fragments_max) {}

  // The bytes are written to, and must stay until next() has said none.
  void feed(char* bytes, size_t size);
  FramePiece next();
  // True between the first byte of a message and its last.
  bool in_message() const { return in_message_; }
  bool has_more() const { return at_ < end_; }

 private:
  enum class State : uint8_t { header, data, control, broken };
  static constexpr size_t kHeaderBytesMax = 14;

  bool read_header(FramePiece& out);
  bool check_start(FramePiece& out);
  bool begin_frame(FramePiece& out);
  FramePiece data_piece();
  FramePiece control_piece();
  bool fail(FramePiece& out, PieceKind why);
  size_t header_size() const;

  const size_t message_bytes_max_;
  const uint32_t fragments_max_;
  char* at_ = nullptr;
  char* end_ = nullptr;
  uint64_t left_ = 0;           // of the current frame's payload
  uint64_t message_bytes_ = 0;  // announced so far
  uint32_t fragments_ = 0;
  uint8_t header_[kHeaderBytesMax] = {};
  uint8_t header_have_ = 0;
  uint8_t mask_[4] = {};  // turned so that the next byte's is the first
  State state_ = State::header;
  MessageType type_ = MessageType::text;
  bool in_message_ = false;
  bool told_first_ = false;
  std::string control_;
};

// The code of a close frame's payload when it is one that may travel (RFC 6455, 7.4); 1005 when it
// has none; 0 when the payload is malformed.
uint16_t close_code_of(std::string_view payload);

}  // namespace chatpad::realtime

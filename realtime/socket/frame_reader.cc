#include "realtime/socket/frame_reader.h"

#include <algorithm>
#include <cstring>

#include "runtime/wire/utf8.h"

namespace chatpad::realtime {
namespace {

constexpr uint8_t kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0f, kMasked = 0x80, kLength = 0x7f;
constexpr uint8_t kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr uint8_t kLength16 = 126, kLength64 = 127, kControlBytesMost = 125;

bool is_control(uint8_t opcode) { return (opcode & 8) != 0; }

// Eight bytes at a time; the mask is turned by what is left over.
void unmask(char* bytes, size_t size, uint8_t (&mask)[4]) {
  uint32_t once = 0;
  std::memcpy(&once, mask, 4);
  const uint64_t twice = uint64_t{once} << 32 | once;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, 8);
    word ^= twice;
    std::memcpy(bytes + i, &word, 8);
  }
  for (; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ mask[i & 3]);
  std::rotate(mask, mask + (size & 3), mask + 4);
}

}  // namespace

void FrameReader::feed(char* bytes, size_t size) {
  end_ = bytes + size;
  at_ = state_ == State::broken ? end_ : bytes;
}

bool FrameReader::fail(FramePiece& out, PieceKind why) {
  state_ = State::broken;
  at_ = end_;
  out = FramePiece();
  out.kind = why;
  return false;
}

size_t FrameReader::header_size() const {
  if (header_have_ < 2) return 2;
  const uint8_t length = header_[1] & kLength;
  return length == kLength64 ? 14u : length == kLength16 ? 8u : 6u;
}

// What the first two bytes say is looked at before anything else is waited for.
bool FrameReader::check_start(FramePiece& out) {
  const uint8_t opcode = header_[0] & kOpcode;
  if ((header_[0] & kReserved) != 0) return fail(out, PieceKind::breach);
  if ((header_[1] & kMasked) == 0) return fail(out, PieceKind::breach);
  if (is_control(opcode)) {
    const bool whole = (header_[0] & kFinal) != 0 && (header_[1] & kLength) <= kControlBytesMost;
    return (opcode <= kPong && whole) || fail(out, PieceKind::breach);
  }
  if (opcode > kBinary || (opcode == kContinuation) != in_message_) {
    return fail(out, PieceKind::breach);
  }
  return true;
}

// False: more bytes are needed, or `out` says what is wrong.
bool FrameReader::read_header(FramePiece& out) {
  for (;;) {
    const size_t wanted = header_size();
    const size_t take = std::min<size_t>(wanted - header_have_, static_cast<size_t>(end_ - at_));
    std::memcpy(header_ + header_have_, at_, take);
    at_ += take;
    header_have_ = static_cast<uint8_t>(header_have_ + take);
    if (header_have_ < wanted) return false;
    if (wanted == 2) {
      if (!check_start(out)) return false;
      continue;
    }
    header_have_ = 0;
    std::memcpy(mask_, header_ + wanted - 4, 4);
    return begin_frame(out);
  }
}

bool FrameReader::begin_frame(FramePiece& out) {
  const uint8_t opcode = header_[0] & kOpcode;
  const uint8_t length = header_[1] & kLength;
  left_ = length;
  if (length >= kLength16) {
    left_ = 0;
    const size_t bytes = length == kLength16 ? 2 : 8;
    for (size_t i = 0; i < bytes; ++i) left_ = left_ << 8 | header_[2 + i];
    const uint64_t least = length == kLength16 ? kLength16 : uint64_t{0x10000};
    if (left_ < least || left_ >> 63 != 0) return fail(out, PieceKind::breach);
  }
  if (is_control(opcode)) {
    state_ = State::control;
    control_.clear();
    return true;
  }
  if (!in_message_) {
    type_ = opcode == kText ? MessageType::text : MessageType::binary;
    message_bytes_ = 0;
    fragments_ = 0;
    told_first_ = false;
    in_message_ = true;
  }
  // The announced length may be far beyond the limit, so it is not added up before it is compared.
  if (left_ > message_bytes_max_ - message_bytes_ || ++fragments_ > fragments_max_) {
    return fail(out, PieceKind::too_big);
  }
  message_bytes_ += left_;
  state_ = State::data;
  return true;
}

FramePiece FrameReader::data_piece() {
  FramePiece out;
  const auto size =
      static_cast<size_t>(std::min<uint64_t>(left_, static_cast<uint64_t>(end_ - at_)));
  unmask(at_, size, mask_);
  out.kind = PieceKind::message;
  out.type = type_;
  out.first = !told_first_;
  out.bytes = std::string_view(at_, size);
  told_first_ = true;
  at_ += size;
  left_ -= size;
  if (left_ > 0) return out;
  state_ = State::header;
  out.last = (header_[0] & kFinal) != 0;
  if (out.last) in_message_ = false;
  return out;
}

FramePiece FrameReader::control_piece() {
  FramePiece out;
  const auto size =
      static_cast<size_t>(std::min<uint64_t>(left_, static_cast<uint64_t>(end_ - at_)));
  unmask(at_, size, mask_);
  const bool whole = control_.empty() && size == left_;
  if (!whole) control_.append(at_, size);
  out.bytes = whole ? std::string_view(at_, size) : std::string_view(control_);
  at_ += size;
  left_ -= size;
  if (left_ > 0) return FramePiece();
  state_ = State::header;
  const uint8_t opcode = header_[0] & kOpcode;
  out.kind = opcode == kPing   ? PieceKind::ping
             : opcode == kPong ? PieceKind::pong
                               : PieceKind::close;
  return out;
}

FramePiece FrameReader::next() {
  FramePiece out;
  if (state_ == State::header && (at_ == end_ || !read_header(out))) return out;
  if (state_ == State::data && (left_ == 0 || at_ < end_)) return data_piece();
  if (state_ == State::control && (left_ == 0 || at_ < end_)) return control_piece();
  return out;
}

uint16_t close_code_of(std::string_view payload) {
  if (payload.empty()) return 1005;
  if (payload.size() < 2 || !wire::is_utf8(payload.substr(2))) return 0;
  const auto byte = [&payload](size_t i) {
    return static_cast<unsigned>(static_cast<uint8_t>(payload[i]));
  };
  const unsigned code = byte(0) << 8 | byte(1);
  const bool registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  return registered || (code >= 3000 && code <= 4999) ? static_cast<uint16_t>(code) : 0;
}

}  // namespace chatpad::realtime

#include "runtime/http/chunked.h"

#include <algorithm>

namespace chatpad::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

bool is_text(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

}  // namespace

void ChunkedDecoder::reset(uint64_t body_bytes_max) {
  *this = ChunkedDecoder();
  body_bytes_max_ = body_bytes_max;
}

ParseStep ChunkedDecoder::refuse(Errc errc) {
  refusal_ = errc;
  return ParseStep::refused;
}

ParseStep ChunkedDecoder::feed(std::string_view& input, std::string& body) {
  while (!input.empty()) {
    if (state_ == State::data) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(chunk_left_, input.size()));
      body.append(input.data(), n);
      input.remove_prefix(n);
      chunk_left_ -= n;
      if (chunk_left_ == 0) state_ = State::data_cr;
      continue;
    }
    const char c = input.front();
    input.remove_prefix(1);
    const ParseStep step = take(c);
    if (step != ParseStep::more) return step;
  }
  return ParseStep::more;
}

ParseStep ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      if (++line_bytes_ > kChunkLineBytesMax) return refuse(Errc::bad_request);
      if (c == '\r') {
        state_ = State::size_lf;
      } else if (!is_text(c)) {
        return refuse(Errc::bad_request);
      }
      return ParseStep::more;
    case State::size_lf:
      if (c != '\n') return refuse(Errc::bad_request);
      line_bytes_ = digits_ = 0;
      state_ = chunk_left_ == 0 ? State::trailer_start : State::data;
      return ParseStep::more;
    case State::data_cr:
      if (c != '\r') return refuse(Errc::bad_request);
      state_ = State::data_lf;
      return ParseStep::more;
    case State::data_lf:
      if (c != '\n') return refuse(Errc::bad_request);
      state_ = State::size;
      return ParseStep::more;
    default:
      return take_trailer(c);
  }
}

ParseStep ChunkedDecoder::take_size(char c) {
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (++digits_ > 8) return refuse(Errc::bad_request);
    chunk_left_ = chunk_left_ * 16 + static_cast<uint64_t>(digit);
    return ParseStep::more;
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) return refuse(Errc::bad_request);
  body_bytes_ += chunk_left_;
  if (body_bytes_ > body_bytes_max_) return refuse(Errc::payload_too_large);
  state_ = c == '\r' ? State::size_lf : State::extension;
  return ParseStep::more;
}

ParseStep ChunkedDecoder::take_trailer(char c) {
  if (++trailer_bytes_ > kChunkTrailerBytesMax) return refuse(Errc::headers_too_large);
  switch (state_) {
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::end_lf;
      } else if (is_text(c) && c != ' ' && c != '\t') {
        state_ = State::trailer;
      } else {
        return refuse(Errc::bad_request);
      }
      return ParseStep::more;
    case State::trailer:
      if (c == '\r') {
        state_ = State::trailer_lf;
      } else if (!is_text(c)) {
        return refuse(Errc::bad_request);
      }
      return ParseStep::more;
    case State::trailer_lf:
      if (c != '\n') return refuse(Errc::bad_request);
      state_ = State::trailer_start;
      return ParseStep::more;
    default:
      if (c != '\n') return refuse(Errc::bad_request);
      return ParseStep::complete;
  }
}

}  // namespace chatpad::http

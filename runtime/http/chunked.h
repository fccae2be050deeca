// ChunkedDecoder: the body of a request sent with `Transfer-Encoding: chunked` (RFC 9112, 7.1),
// incrementally, strictly. Pure.
//
// Sizes are 1 to 8 hexadecimal digits, every line ends with CRLF, extensions and trailers are
// checked, bounded and dropped. Errors: bad_request for syntax, payload_too_large as soon as the
// announced chunks exceed the limit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/http/request_parser.h"

namespace chatpad::http {

constexpr size_t kChunkLineBytesMax = 256;          // size and extensions of one chunk
constexpr size_t kChunkTrailerBytesMax = 4 * 1024;  // all trailers together

class ChunkedDecoder {
 public:
  void reset(uint64_t body_bytes_max);
  // Takes what belongs to this body from the front of `input`, appends its content to `body`.
  ParseStep feed(std::string_view& input, std::string& body);
  Errc refusal() const { return refusal_; }

 private:
  enum class State : uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf
  };
  ParseStep refuse(Errc errc);
  ParseStep take(char c);
  ParseStep take_size(char c);
  ParseStep take_trailer(char c);

  uint64_t body_bytes_max_ = 0;
  uint64_t body_bytes_ = 0;
  uint64_t chunk_left_ = 0;
  size_t line_bytes_ = 0;
  size_t digits_ = 0;
  size_t trailer_bytes_ = 0;
  State state_ = State::size;
  Errc refusal_ = Errc::bad_request;
};

}  // namespace chatpad::http

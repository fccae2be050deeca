// Fuzzes the request grammar: the same bytes fed whole and in pieces must give the same requests.
//
// The first byte of the input chooses the sizes of the pieces; the rest is what a client sends.
//
// uses: runtime/http/request_parser.cc runtime/http/chunked.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/http/request.cc
// c: /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c
// links: -I/usr/share/include/llhttp
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/http/chunked.h"
#include "runtime/http/request_parser.h"

namespace {

using namespace chatpad;
using namespace chatpad::http;

constexpr uint64_t kBodyBytesMax = 4096;

// What a server would have understood of the bytes so far, as text.
class Reader {
 public:
  void feed(std::string_view bytes) {
    buffer_.append(bytes);
    while (!refused_ && step()) {
    }
  }
  const std::string& story() const { return story_; }

 private:
  bool step() {
    if (in_body_) return body();
    const ParseStep step = parser_.parse(buffer_.data(), buffer_.size(), request_);
    if (step == ParseStep::more) return false;
    if (step == ParseStep::refused) return refuse(parser_.refusal());
    tell();
    buffer_.erase(0, parser_.head_bytes());
    kind_ = parser_.body_kind();
    left_ = parser_.content_length();
    CHECK((kind_ == BodyKind::length) == (left_ > 0), "a length belongs to a body with a length");
    if (left_ > kBodyBytesMax) return refuse(Errc::payload_too_large);
    chunked_.reset(kBodyBytesMax);
    body_.clear();
    in_body_ = true;
    return true;
  }

  bool body() {
    std::string_view rest = buffer_;
    bool complete = kind_ == BodyKind::none;
    if (kind_ == BodyKind::length) {
      const size_t n = std::min<size_t>(left_, rest.size());
      body_.append(rest.substr(0, n));
      rest.remove_prefix(n);
      left_ -= n;
      complete = left_ == 0;
    }
    if (kind_ == BodyKind::chunked) {
      const ParseStep step = chunked_.feed(rest, body_);
      CHECK(body_.size() <= kBodyBytesMax, "a body stays within its limit");
      if (step == ParseStep::refused) return refuse(chunked_.refusal());
      complete = step == ParseStep::complete;
    }
    buffer_.erase(0, buffer_.size() - rest.size());
    if (!complete) return false;
    story_ += "body " + body_ + "\n";
    in_body_ = false;
    parser_.reset();
    return true;
  }

  bool refuse(Errc errc) {
    refused_ = true;
    story_ += "refused " + std::string(error_info(errc).code) + "\n";
    return false;
  }

  void tell() {
    story_ += std::string(request_.method_text) + " " + std::string(request_.path) + "?" +
              std::string(request_.query) + (request_.keep_alive ? " keep" : " close") +
              (request_.wants_upgrade ? " upgrade\n" : "\n");
    bool has_host = false;
    for (const Header& header : request_.headers) {
      CHECK(!header.name.empty(), "a header has a name");
      CHECK(header.name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ \t\r\n:") == std::string::npos,
            "a header's name is a lower-case token");
      CHECK(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "no line break or NUL is inside a value");
      has_host |= header.name == "host";
      story_ += std::string(header.name) + ": " + std::string(header.value) + "\n";
    }
    CHECK(has_host || request_.http_1_0, "an HTTP/1.1 request has a host");
  }

  RequestParser parser_{HeadLimits{1024, 20, 256}};
  ChunkedDecoder chunked_;
  Request request_;
  std::string buffer_;
  std::string body_;
  std::string story_;
  uint64_t left_ = 0;
  BodyKind kind_ = BodyKind::none;
  bool in_body_ = false;
  bool refused_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = data[0] % 37 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Reader whole;
  whole.feed(bytes);
  Reader pieces;
  for (size_t at = 0; at < bytes.size(); at += piece) pieces.feed(bytes.substr(at, piece));
  // Which limit of several is crossed first may depend on the pieces; what was understood may not.
  const auto understood = [](const std::string& story) {
    return story.substr(0, story.find("refused"));
  };
  CHECK(understood(whole.story()) == understood(pieces.story()), "pieces change nothing");
  CHECK((whole.story().find("refused") == std::string::npos) ==
            (pieces.story().find("refused") == std::string::npos),
        "pieces change no refusal");
  return 0;
}

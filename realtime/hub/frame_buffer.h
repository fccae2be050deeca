// Frame: the bytes of one websocket frame, header included, shared by all its receivers of one
// loop.
//
// Server frames are unmasked, so one buffer serves everybody. Reference-counted without atomics:
// a Frame never leaves its loop.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "realtime/protocol/frame.h"

namespace chatpad::realtime {

class FrameRef {
 public:
  FrameRef() = default;
  // Frames `payload`: FIN, text or binary opcode, no mask (RFC 6455 section 5.2).
  static FrameRef make(FrameForm form, std::string_view payload);

  FrameRef(const FrameRef& other) : body_(other.body_) {
    if (body_) ++body_->refs;
  }
  FrameRef(FrameRef&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  FrameRef& operator=(FrameRef other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~FrameRef() {
    if (body_ && --body_->refs == 0) std::free(body_);
  }

  explicit operator bool() const { return body_ != nullptr; }
  size_t size() const { return body_->size; }
  std::string_view bytes() const {
    return std::string_view(reinterpret_cast<const char*>(body_ + 1), body_->size);
  }

 private:
  struct Body {
    uint32_t refs;
    uint32_t size;
    uint64_t reserved;  // what follows stands 16 bytes into the block
  };
  Body* body_ = nullptr;
};

}  // namespace chatpad::realtime

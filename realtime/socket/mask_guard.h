// MaskGuard: looks at the first two bytes a client sends after its handshake, before libwebsockets
// reads them, because libwebsockets takes unmasked frames for good ones (RFC 6455 section 5.1 wants
// the connection closed).
//
// Only the first frame is looked at: a client that masks it and stops masking later is not noticed.
// It peeks on a duplicate of the descriptor, which is closed as soon as the answer is known.
#pragma once

#include <uv.h>

#include <functional>

namespace chatpad::realtime {

class MaskGuard {
 public:
  enum class Verdict : uint8_t { masked, unmasked, ended };

  MaskGuard() = default;
  ~MaskGuard() { stop(); }
  MaskGuard(const MaskGuard&) = delete;
  MaskGuard& operator=(const MaskGuard&) = delete;

  // Calls `tell` once, from the loop, when the first bytes are there. False when the descriptor
  // cannot be duplicated or watched.
  bool start(uv_loop_t* loop, int fd, std::function<void(Verdict)> tell);
  void stop();

 private:
  struct Watch {
    uv_poll_t poll;
    int fd = -1;
    MaskGuard* owner = nullptr;
  };
  void on_readable();
  Watch* watch_ = nullptr;  // freed by the close callback
  std::function<void(Verdict)> tell_;
};

}  // namespace chatpad::realtime

// For tests: counts its living copies, so that a test can say that nothing leaked and nothing was
// destroyed twice. Not thread-safe.
#pragma once

#include <string>

namespace chatpad {

class LiveObject {
 public:
  explicit LiveObject(int value = 0) : text_("live object"), value_(value) { ++count(); }
  LiveObject(const LiveObject& other) : text_(other.text_), value_(other.value_) { ++count(); }
  LiveObject(LiveObject&& other) noexcept : text_(other.text_), value_(other.value_) { ++count(); }
  LiveObject& operator=(const LiveObject&) = default;
  ~LiveObject() { --count(); }

  int value() const { return value_; }
  static int& count() {
    static int alive = 0;
    return alive;
  }

 private:
  std::string text_;  // memory that a second destructor would free twice
  int value_;
};

}  // namespace chatpad

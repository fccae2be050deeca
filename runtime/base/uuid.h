// Uuid: 128 bits, parsed strictly (RFC 4122 text form, 36 characters, hyphens in place, any case)
// and printed in lower case. Version 4 ones come from the kernel's random source.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chatpad {

class Uuid {
 public:
  Uuid() = default;
  static std::optional<Uuid> parse(std::string_view text);
  static Uuid random();

  std::string str() const;
  bool is_nil() const { return *this == Uuid(); }
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  auto operator<=>(const Uuid&) const = default;

 private:
  std::array<uint8_t, 16> bytes_{};
};

// Fills the buffer with random bytes of the kernel. Never fails: without entropy the program ends.
void random_bytes(void* out, size_t size);

}  // namespace chatpad

template <>
struct std::hash<chatpad::Uuid> {
  size_t operator()(const chatpad::Uuid& id) const noexcept {
    size_t value = 0;
    for (size_t i = 0; i < 8; ++i) value = (value << 8) | id.bytes()[i + 8];
    return value;
  }
};

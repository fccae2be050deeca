#include "runtime/base/uuid.h"

#include <sys/random.h>

#include <cerrno>

#include "runtime/base/check.h"

namespace chatpad {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool hyphen_at(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t nibble = 0;
  for (size_t i = 0; i < 36; ++i) {
    if (hyphen_at(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    id.bytes_[nibble / 2] = static_cast<uint8_t>((id.bytes_[nibble / 2] << 4) | value);
    ++nibble;
  }
  return id;
}

Uuid Uuid::random() {
  Uuid id;
  random_bytes(id.bytes_.data(), id.bytes_.size());
  id.bytes_[6] = static_cast<uint8_t>((id.bytes_[6] & 0x0f) | 0x40);
  id.bytes_[8] = static_cast<uint8_t>((id.bytes_[8] & 0x3f) | 0x80);
  return id;
}

std::string Uuid::str() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out(36, '-');
  size_t byte = 0;
  for (size_t i = 0; i < 36;) {
    if (hyphen_at(i)) {
      ++i;
      continue;
    }
    out[i++] = kHex[bytes_[byte] >> 4];
    out[i++] = kHex[bytes_[byte] & 15];
    ++byte;
  }
  return out;
}

void random_bytes(void* out, size_t size) {
  auto* p = static_cast<uint8_t*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(p, size, 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0, "the kernel's random source answers");
    p += got;
    size -= static_cast<size_t>(got);
  }
}

}  // namespace chatpad

// The few cryptographic primitives of the program, over OpenSSL 3, and the text forms of bytes.
//
// Use these and nothing else: one digest (SHA-256), one MAC (HMAC-SHA-256), one cipher
// (AES-256-GCM), one derivation (HKDF-SHA-256). Random bytes come from random_bytes (uuid.h),
// passwords are argon2's business. Decoders are strict: exactly one text decodes to given bytes.
// Functions are thread-safe. A failure inside OpenSSL is a bug of the installation and ends the
// program; wrong input gives std::nullopt.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatpad::wire {

using Digest = std::array<uint8_t, 32>;

constexpr size_t kAesKeyBytes = 32;
constexpr size_t kGcmNonceBytes = 12;
constexpr size_t kGcmTagBytes = 16;

// RFC 4648. base64url: section 5 without padding; base64: section 4 with padding.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);
// Lower case; decoding takes both cases.
std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);

inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
// The same of bytes that come in pieces, so that nobody has to work on all of them at once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  Digest finish();  // once

 private:
  void* context_;
};
Digest hmac_sha256(std::string_view key, std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);
// Time depends on the sizes only.
bool constant_time_equal(std::string_view a, std::string_view b);

// nonce (random, 12 bytes) + ciphertext + tag (16 bytes). `key` is 32 bytes. The associated data
// is not stored; opening needs the same. One key seals at most 2^32 texts (NIST SP 800-38D, 8.3).
std::string aes_gcm_seal(std::string_view key, std::string_view plaintext,
                         std::string_view associated_data);
// nullopt when anything was changed: the text, the key or the associated data.
std::optional<std::string> aes_gcm_open(std::string_view key, std::string_view sealed,
                                        std::string_view associated_data);

// RFC 5869; `size` up to 8160 bytes.
std::string hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                        size_t size);

}  // namespace chatpad::wire

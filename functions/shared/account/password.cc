#include "functions/shared/account/password.h"

#include <argon2.h>

#include <array>

#include "runtime/base/check.h"
#include "runtime/base/uuid.h"

namespace chatpad::functions {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;

}  // namespace

std::string hash_password(std::string_view password) {
  std::array<uint8_t, kSaltBytes> salt;
  random_bytes(salt.data(), salt.size());
  std::string encoded(argon2_encodedlen(kArgon2Passes, kArgon2MemoryKib, kArgon2Lanes, kSaltBytes,
                                        kHashBytes, Argon2_id),
                      '\0');
  const int result = argon2id_hash_encoded(kArgon2Passes, kArgon2MemoryKib, kArgon2Lanes,
                                           password.data(), password.size(), salt.data(),
                                           salt.size(), kHashBytes, encoded.data(), encoded.size());
  CHECK(result == ARGON2_OK, "argon2id hashes with our parameters");
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(std::string_view password, const std::string& hash) {
  static const std::string kNobody = hash_password("nobody has this password");
  const std::string& against = hash.empty() ? kNobody : hash;
  const bool matches =
      argon2id_verify(against.c_str(), password.data(), password.size()) == ARGON2_OK;
  return matches && !hash.empty();
}

}  // namespace chatpad::functions

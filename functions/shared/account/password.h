// Passwords: argon2id (RFC 9106) in PHC string format. Both functions take tens of milliseconds and
// kMemoryKib of memory: run them in the worker pool, never on a loop.
#pragma once

#include <string>
#include <string_view>

namespace chatpad::functions {

constexpr uint32_t kArgon2Passes = 2;
constexpr uint32_t kArgon2MemoryKib = 19 * 1024;
constexpr uint32_t kArgon2Lanes = 1;
constexpr size_t kPasswordCharsMin = 6;
constexpr size_t kPasswordBytesMax = 1024;

std::string hash_password(std::string_view password);
// False for a wrong password and for a hash that is not one. An empty hash costs as much time as a
// real one, so that an unknown address cannot be told by the clock.
bool verify_password(std::string_view password, const std::string& hash);

}  // namespace chatpad::functions

// SipHash-2-4: a keyed 64-bit hash for tables whose keys strangers choose.
//
// Without the key nobody can find texts that collide; with the same key every program computes the
// same. Not a MAC: those are in runtime/wire/crypto.h. Source: Aumasson and Bernstein, "SipHash: a
// fast short-input PRF" (2012).
#pragma once

#include <cstdint>
#include <string_view>

namespace chatpad {

struct SipKey {
  uint64_t low = 0;
  uint64_t high = 0;
};

uint64_t siphash(SipKey key, std::string_view text);

}  // namespace chatpad

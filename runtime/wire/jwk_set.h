// JWK sets (RFC 7517): the public keys of an issuer that is not us.
//
//   const JwkSet keys = JwkSet::parse(body).or_raise();
//   const PublicKey* key = keys.find("2026-11", JwtAlgorithm::rs256);
//
// Read: RSA keys for RS256 and P-256 keys for ES256 that are there to verify with. Everything else
// in the set (symmetric keys, other curves, keys for encryption, numbers that are no key) is passed
// over: what is not in the set verifies nothing. A key has the algorithm of its kind, whatever a
// token says, so a public key is never anybody's HMAC secret.
//
// Errc::upstream_failed when the text is no JWK set. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/wire/jose_key.h"

namespace chatpad::wire {

constexpr size_t kJwksKeysMax = 64;  // further ones are passed over

class JwkSet {
 public:
  static Result<JwkSet> parse(std::string_view text);

  // The key of this id and algorithm. Without an id: the only key of the algorithm, if it is one.
  const PublicKey* find(std::string_view kid, JwtAlgorithm algorithm) const;
  size_t size() const { return keys_.size(); }

 private:
  struct Entry {
    std::string kid;  // empty: none
    PublicKey key;
  };
  std::vector<Entry> keys_;
};

}  // namespace chatpad::wire

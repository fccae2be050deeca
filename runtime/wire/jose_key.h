// The asymmetric keys of tokens: ES256 (ECDSA on P-256) and RS256 (RSA PKCS #1 v1.5, 2048 to 4096
// bits), both with SHA-256, over OpenSSL (RFC 7518, 3.3 and 3.4; keys as JWK: 6.2 and 6.3).
//
//   PrivateKey mine = PrivateKey::generate(JwtAlgorithm::es256);
//   std::string signature = mine.sign(text);
//   bool good = mine.public_key().verify(text, signature);
//
// A signature is bytes as JOSE has them: for ES256 r and s of 32 bytes each, never DER. Of the two
// values of s that ECDSA would take only the lower is made and accepted, so that a signed text has
// one form per signature. An algorithm belongs to its key: nobody asks for another one.
//
// from_der() gives Errc::validation_failed for bytes that are no key of this algorithm: a point
// that is not on the curve, another curve, a modulus that is too small. Whoever stores private
// bytes seals them. Copies share the key; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::wire {

enum class JwtAlgorithm : uint8_t { hs256, es256, rs256 };

// As in a token's header: "HS256", "ES256", "RS256".
std::string_view jwt_algorithm_name(JwtAlgorithm algorithm);
std::optional<JwtAlgorithm> jwt_algorithm(std::string_view name);

// Of two values of s both are good ECDSA. Ours are canonical; other issuers use either.
enum class EcdsaForm : uint8_t { canonical, any };

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 4096;
constexpr size_t kEs256SignatureBytes = 64;
constexpr size_t kKeyDerBytesMax = 4096;

class PublicKey {
 public:
  // SubjectPublicKeyInfo, as to_der() writes it.
  static Result<PublicKey> from_der(JwtAlgorithm algorithm, std::string_view der);
  std::string to_der() const;
  JwtAlgorithm algorithm() const { return algorithm_; }
  size_t signature_bytes() const { return signature_bytes_; }

  bool verify(std::string_view text, std::string_view signature,
              EcdsaForm form = EcdsaForm::canonical) const;
  // A JSON object with kty, use, alg, kid, key_ops and the public numbers.
  std::string jwk(std::string_view kid) const;

 private:
  friend class PrivateKey;
  struct Key;
  PublicKey(JwtAlgorithm algorithm, std::shared_ptr<const Key> key);
  JwtAlgorithm algorithm_;
  size_t signature_bytes_;
  std::shared_ptr<const Key> key_;
};

class PrivateKey {
 public:
  // RS256 of 2048 bits takes tens to hundreds of milliseconds.
  static PrivateKey generate(JwtAlgorithm algorithm);
  // PKCS #8, as to_der() writes it.
  static Result<PrivateKey> from_der(JwtAlgorithm algorithm, std::string_view der);
  std::string to_der() const;
  const PublicKey& public_key() const { return public_key_; }

  std::string sign(std::string_view text) const;

 private:
  explicit PrivateKey(PublicKey both) : public_key_(std::move(both)) {}
  PublicKey public_key_;  // OpenSSL's key has both halves
};

}  // namespace chatpad::wire

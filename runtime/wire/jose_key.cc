#include "runtime/wire/jose_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <cstring>

#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

constexpr size_t kScalarBytes = 32;
constexpr std::string_view kCurve = "prime256v1";

// The order of P-256 (FIPS 186-4, D.1.2.3) and its half, rounded down.
constexpr std::array<uint8_t, kScalarBytes> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
constexpr std::array<uint8_t, kScalarBytes> kHalfOrder = {
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;
using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedDigest = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedNumber = Owned<BIGNUM, BN_free>;
using OwnedSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

const uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// Thrown away: OpenSSL keeps what went wrong per thread, and nobody here asks it.
void forget_errors() { ERR_clear_error(); }

Error no_key() {
  forget_errors();
  Error error(Errc::validation_failed, PublicText("These bytes are no key of this algorithm."));
  error.details = "signing_key";
  return error;
}

// Does the key have the kind and size its algorithm asks for?
bool fits(JwtAlgorithm algorithm, const EVP_PKEY* key) {
  if (algorithm == JwtAlgorithm::rs256) {
    const int bits = EVP_PKEY_get_bits(key);
    return EVP_PKEY_is_a(key, "RSA") && bits >= kRsaBitsMin && bits <= kRsaBitsMax && bits % 8 == 0;
  }
  std::array<char, 32> curve{};
  size_t size = 0;
  return algorithm == JwtAlgorithm::es256 && EVP_PKEY_is_a(key, "EC") &&
         EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) == 1 &&
         std::string_view(curve.data(), size) == kCurve;
}

// The number of a key, in as many bytes as it needs, or in `size` when that is given.
std::string number_of(const EVP_PKEY* key, const char* name, size_t size = 0) {
  BIGNUM* raw = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &raw) == 1, "a key has its numbers");
  const OwnedNumber number(raw);
  std::string out(size == 0 ? static_cast<size_t>(BN_num_bytes(raw)) : size, '\0');
  CHECK(BN_bn2binpad(raw, reinterpret_cast<uint8_t*>(out.data()), static_cast<int>(out.size())) > 0,
        "a key's number has its size");
  return out;
}

bool is_zero(std::string_view scalar) {
  return scalar.find_first_not_of('\0') == std::string_view::npos;
}

// r and s lie in 1 .. order - 1, and s in the lower half of it.
bool is_canonical(std::string_view signature) {
  const std::string_view r = signature.substr(0, kScalarBytes);
  const std::string_view s = signature.substr(kScalarBytes);
  return !is_zero(r) && !is_zero(s) && std::memcmp(r.data(), kOrder.data(), kScalarBytes) < 0 &&
         std::memcmp(s.data(), kHalfOrder.data(), kScalarBytes) <= 0;
}

std::string to_der_signature(std::string_view signature) {
  const OwnedSignature both(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes(signature), kScalarBytes, nullptr);
  BIGNUM* s = BN_bin2bn(bytes(signature) + kScalarBytes, kScalarBytes, nullptr);
  CHECK(both && r && s && ECDSA_SIG_set0(both.get(), r, s) == 1, "memory for a signature");
  std::array<uint8_t, 80> out{};
  uint8_t* end = out.data();
  const int size = i2d_ECDSA_SIG(both.get(), &end);
  CHECK(size > 0 && static_cast<size_t>(size) <= out.size(), "two numbers of 32 bytes");
  return {reinterpret_cast<char*>(out.data()), static_cast<size_t>(size)};
}

std::string from_der_signature(std::string_view der) {
  const uint8_t* at = bytes(der);
  const OwnedSignature both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  CHECK(both, "OpenSSL reads what it signed");
  std::string out(kEs256SignatureBytes, '\0');
  auto* into = reinterpret_cast<uint8_t*>(out.data());
  const OwnedNumber order(BN_bin2bn(kOrder.data(), kScalarBytes, nullptr));
  const OwnedNumber half(BN_bin2bn(kHalfOrder.data(), kScalarBytes, nullptr));
  const OwnedNumber s(BN_dup(ECDSA_SIG_get0_s(both.get())));
  CHECK(order && half && s, "memory for a signature");
  if (BN_cmp(s.get(), half.get()) > 0) BN_sub(s.get(), order.get(), s.get());
  BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), into, kScalarBytes);
  BN_bn2binpad(s.get(), into + kScalarBytes, kScalarBytes);
  return out;
}

template <class Write>
std::string der_of(const EVP_PKEY* key, Write write) {
  uint8_t* raw = nullptr;
  const int size = write(key, &raw);
  CHECK(size > 0, "a key can be written");
  std::string out(reinterpret_cast<char*>(raw), static_cast<size_t>(size));
  OPENSSL_clear_free(raw, static_cast<size_t>(size));
  return out;
}

int write_private(const EVP_PKEY* key, uint8_t** out) {
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key));
  CHECK(info, "a private key can be written");
  return i2d_PKCS8_PRIV_KEY_INFO(info.get(), out);
}

}  // namespace

std::string_view jwt_algorithm_name(JwtAlgorithm algorithm) {
  constexpr std::string_view kNames[] = {"HS256", "ES256", "RS256"};
  return kNames[static_cast<size_t>(algorithm)];
}

std::optional<JwtAlgorithm> jwt_algorithm(std::string_view name) {
  for (const JwtAlgorithm known : {JwtAlgorithm::hs256, JwtAlgorithm::es256, JwtAlgorithm::rs256}) {
    if (name == jwt_algorithm_name(known)) return known;
  }
  return std::nullopt;
}

struct PublicKey::Key {
  explicit Key(EVP_PKEY* made) : pkey(made), verifying(EVP_MD_CTX_new()) {
    CHECK(verifying && EVP_DigestVerifyInit(verifying.get(), nullptr, EVP_sha256(), nullptr,
                                            pkey.get()) == 1,
          "a public key verifies");
  }
  OwnedPkey pkey;
  // Ready to verify, and only ever copied: making one looks algorithms up, which costs several us.
  OwnedDigest verifying;
};

PublicKey::PublicKey(JwtAlgorithm algorithm, std::shared_ptr<const Key> key)
    : algorithm_(algorithm),
      signature_bytes_(algorithm == JwtAlgorithm::es256
                           ? kEs256SignatureBytes
                           : static_cast<size_t>(EVP_PKEY_get_size(key->pkey.get()))),
      key_(std::move(key)) {}

Result<PublicKey> PublicKey::from_der(JwtAlgorithm algorithm, std::string_view der) {
  if (der.size() > kKeyDerBytesMax) return no_key();
  const uint8_t* at = bytes(der);
  OwnedPkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != bytes(der) + der.size() || !fits(algorithm, key.get())) return no_key();
  // Is the point on the curve?
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> checking(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checking || EVP_PKEY_public_check(checking.get()) != 1) return no_key();
  return PublicKey(algorithm, std::make_shared<const Key>(key.release()));
}

std::string PublicKey::to_der() const { return der_of(key_->pkey.get(), i2d_PUBKEY); }

bool PublicKey::verify(std::string_view text, std::string_view signature, EcdsaForm form) const {
  if (signature.size() != signature_bytes_) return false;
  std::string der;
  if (algorithm_ == JwtAlgorithm::es256) {
    if (form == EcdsaForm::canonical && !is_canonical(signature)) return false;
    der = to_der_signature(signature);
    signature = der;
  }
  const OwnedDigest context(EVP_MD_CTX_new());
  CHECK(context && EVP_MD_CTX_copy_ex(context.get(), key_->verifying.get()) == 1,
        "memory for a digest");
  const bool holds = EVP_DigestVerify(context.get(), bytes(signature), signature.size(),
                                      bytes(text), text.size()) == 1;
  if (!holds) forget_errors();
  return holds;
}

std::string PublicKey::jwk(std::string_view kid) const {
  const EVP_PKEY* key = key_->pkey.get();
  JsonWriter out;
  out.object().field("kid", kid).field("alg", jwt_algorithm_name(algorithm_)).field("use", "sig");
  out.raw_field("key_ops", R"(["verify"])");
  if (algorithm_ == JwtAlgorithm::es256) {
    out.field("kty", "EC").field("crv", "P-256");
    out.field("x", base64url_encode(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, kScalarBytes)));
    out.field("y", base64url_encode(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, kScalarBytes)));
  } else {
    out.field("kty", "RSA");
    out.field("n", base64url_encode(number_of(key, OSSL_PKEY_PARAM_RSA_N)));
    out.field("e", base64url_encode(number_of(key, OSSL_PKEY_PARAM_RSA_E)));
  }
  out.end();
  return std::move(out).str();
}

PrivateKey PrivateKey::generate(JwtAlgorithm algorithm) {
  CHECK(algorithm != JwtAlgorithm::hs256, "a secret is no pair of keys");
  EVP_PKEY* made = algorithm == JwtAlgorithm::es256
                       ? EVP_EC_gen(kCurve.data())
                       : EVP_RSA_gen(static_cast<unsigned>(kRsaBitsMin));
  CHECK(made, "OpenSSL makes keys");
  return PrivateKey(PublicKey(algorithm, std::make_shared<const PublicKey::Key>(made)));
}

Result<PrivateKey> PrivateKey::from_der(JwtAlgorithm algorithm, std::string_view der) {
  if (der.size() > kKeyDerBytesMax) return no_key();
  const uint8_t* at = bytes(der);
  OwnedPkey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != bytes(der) + der.size() || !fits(algorithm, key.get())) return no_key();
  return PrivateKey(PublicKey(algorithm, std::make_shared<const PublicKey::Key>(key.release())));
}

std::string PrivateKey::to_der() const {
  return der_of(public_key_.key_->pkey.get(), write_private);
}

std::string PrivateKey::sign(std::string_view text) const {
  const OwnedDigest context(EVP_MD_CTX_new());
  EVP_PKEY* key = public_key_.key_->pkey.get();
  CHECK(context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1,
        "a private key signs");
  std::string out(static_cast<size_t>(EVP_PKEY_get_size(key)), '\0');
  size_t size = out.size();
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(out.data()), &size, bytes(text),
                       text.size()) == 1,
        "a private key signs");
  out.resize(size);
  return public_key_.algorithm_ == JwtAlgorithm::es256 ? from_der_signature(out) : out;
}

}  // namespace chatpad::wire

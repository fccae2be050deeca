// No text is a token unless it was signed, no signed payload is accepted without its claims, and no
// signature counts under another algorithm, another key or another form than its own.
//
// uses: runtime/wire/json.cc runtime/wire/json_check.cc runtime/wire/jwt.cc
// uses: runtime/wire/jose_key.cc runtime/wire/crypto.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc runtime/base/clock.cc
// links: -lcrypto
#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"
#include "runtime/wire/jwt.h"

using namespace chatpad;
using namespace chatpad::wire;

namespace {

const std::string kSecret = "a-secret-for-fuzzing-that-is-long-enough";
constexpr const char* kHeaders[] = {R"({"alg":"HS256"})", R"({"alg":"ES256","kid":"ec"})",
                                    R"({"alg":"RS256","kid":"rsa"})"};
constexpr const char* kPayload = R"({"role":"anon","exp":2000})";

const PrivateKey& key_of(JwtAlgorithm algorithm) {
  static const PrivateKey ec = PrivateKey::generate(JwtAlgorithm::es256);
  static const PrivateKey rsa = PrivateKey::generate(JwtAlgorithm::rs256);
  return algorithm == JwtAlgorithm::es256 ? ec : rsa;
}

const JwtVerifier& verifier() {
  static const JwtVerifier instance = [] {
    JwtKeys keys;
    keys.secrets.push_back(JwtKey{"", kSecret});
    const PrivateKey& ec = key_of(JwtAlgorithm::es256);
    const PrivateKey& rsa = key_of(JwtAlgorithm::rs256);
    keys.pairs.push_back(JwtKeyPair{"ec", ec.public_key(), std::nullopt});
    keys.pairs.push_back(JwtKeyPair{"rsa", rsa.public_key(), std::nullopt});
    return JwtVerifier::create(std::move(keys)).or_raise();
  }();
  return instance;
}

std::string signature_of(JwtAlgorithm algorithm, const std::string& text) {
  if (algorithm == JwtAlgorithm::hs256) return std::string(bytes_of(hmac_sha256(kSecret, text)));
  return key_of(algorithm).sign(text);
}

std::string token_of(JwtAlgorithm algorithm, std::string_view header, std::string_view payload) {
  const std::string text = base64url_encode(header) + "." + base64url_encode(payload);
  return text + "." + base64url_encode(signature_of(algorithm, text));
}

bool names(const std::string& header, std::string_view word) {
  return header.find(word) != std::string::npos || header.find('\\') != std::string::npos;
}

// Header and payload are the input's, the signature is good: the rest of the token has to be.
void signed_input(JwtAlgorithm algorithm, const std::string& text) {
  const size_t cut = text.find('\n');
  const auto index = static_cast<size_t>(algorithm);
  const std::string header = cut == std::string::npos ? kHeaders[index] : text.substr(0, cut);
  const std::string payload = cut == std::string::npos ? text : text.substr(cut + 1);
  const Result<Claims> claims = verifier().verify(token_of(algorithm, header, payload), 1'000);
  if (!claims.ok()) return;
  CHECK(claims->exp > 1'000, "an accepted token has not expired");
  CHECK(!claims->role.empty(), "an accepted token has a role");
  CHECK(check_json(claims->payload_json).ok(), "the payload is JSON again");
  CHECK(names(header, jwt_algorithm_name(algorithm)), "the header named the algorithm of the key");
  CHECK(algorithm == JwtAlgorithm::hs256 || names(header, "kid"), "a pair is named");
}

// A good token whose signature is the input's bytes, or changed by them.
void other_signature(JwtAlgorithm algorithm, const std::string& bytes) {
  const auto index = static_cast<size_t>(algorithm);
  static const std::string heads[] = {
      base64url_encode(kHeaders[0]) + "." + base64url_encode(kPayload),
      base64url_encode(kHeaders[1]) + "." + base64url_encode(kPayload),
      base64url_encode(kHeaders[2]) + "." + base64url_encode(kPayload)};
  static const std::string good[] = {signature_of(JwtAlgorithm::hs256, heads[0]),
                                     signature_of(JwtAlgorithm::es256, heads[1]),
                                     signature_of(JwtAlgorithm::rs256, heads[2])};
  std::string changed = good[index];
  for (size_t i = 0; i < bytes.size() && i < changed.size(); ++i) {
    changed[i] = static_cast<char>(changed[i] ^ bytes[i]);
  }
  for (const std::string& signature : {bytes, changed}) {
    const bool holds =
        verifier().verify(heads[index] + "." + base64url_encode(signature), 1'000).ok();
    CHECK(holds == (signature == good[index]), "one signature holds, and it is ours");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CHECK(!verifier().verify(text, 1).ok(), "nobody guesses a signature");
  const auto algorithm = static_cast<JwtAlgorithm>(size == 0 ? 0 : data[size - 1] % 3);
  signed_input(algorithm, text);
  other_signature(algorithm, text.substr(0, 512));
  // Read as keys, which come from the database: nonsense is none.
  for (const JwtAlgorithm kind : {JwtAlgorithm::es256, JwtAlgorithm::rs256}) {
    const Result<PublicKey> key = PublicKey::from_der(kind, text);
    if (key.ok()) CHECK(key->signature_bytes() >= kEs256SignatureBytes, "a key has its size");
    (void)PrivateKey::from_der(kind, text);
  }
  return 0;
}

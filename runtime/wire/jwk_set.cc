#include "runtime/wire/jwk_set.h"

#include <nlohmann/json.hpp>

#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

constexpr size_t kCoordinateBytes = 32;
constexpr size_t kNumberBytesMax = 1024;
constexpr int kSetDepthMax = 16;

std::string der(char tag, std::string_view content) {
  std::string out(1, tag);
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    out += '\x82';
    out += static_cast<char>(content.size() >> 8);
    out += static_cast<char>(content.size() & 0xff);
  }
  return out.append(content);
}

// DER's integers have a sign: a leading bit needs a zero before it.
std::string der_number(std::string_view bytes) {
  while (bytes.size() > 1 && bytes.front() == '\0') bytes.remove_prefix(1);
  std::string content;
  if (static_cast<uint8_t>(bytes.front()) >= 0x80) content += '\0';
  return der('\x02', content.append(bytes));
}

// SubjectPublicKeyInfo (RFC 5280, 4.1.2.7): the algorithm, then the key as a bit string.
std::string public_key_info(std::string_view algorithm, std::string_view key) {
  std::string bits(1, '\0');
  return der('\x30', der('\x30', algorithm) + der('\x03', bits.append(key)));
}

std::string rsa_der(std::string_view n, std::string_view e) {
  constexpr std::string_view kRsa("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13);
  return public_key_info(kRsa, der('\x30', der_number(n) + der_number(e)));
}

std::string p256_der(std::string_view x, std::string_view y) {
  constexpr std::string_view kP256(
      "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 19);
  std::string point("\x04");
  return public_key_info(kP256, point.append(x).append(y));
}

std::string text_of(const Json& jwk, const char* name) {
  const auto member = jwk.find(name);
  return member != jwk.end() && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<std::string> number_of(const Json& jwk, const char* name) {
  auto bytes = base64url_decode(text_of(jwk, name));
  if (!bytes || bytes->empty() || bytes->size() > kNumberBytesMax) return std::nullopt;
  return bytes;
}

bool verifies(const Json& jwk, JwtAlgorithm algorithm) {
  const std::string use = text_of(jwk, "use");
  const std::string named = text_of(jwk, "alg");
  return (use.empty() || use == "sig") && (named.empty() || named == jwt_algorithm_name(algorithm));
}

std::optional<PublicKey> key_of(const Json& jwk) {
  const std::string kind = text_of(jwk, "kty");
  if (kind == "RSA" && verifies(jwk, JwtAlgorithm::rs256)) {
    const auto n = number_of(jwk, "n"), e = number_of(jwk, "e");
    if (!n || !e) return std::nullopt;
    auto key = PublicKey::from_der(JwtAlgorithm::rs256, rsa_der(*n, *e));
    return key ? std::optional<PublicKey>(*std::move(key)) : std::nullopt;
  }
  if (kind == "EC" && text_of(jwk, "crv") == "P-256" && verifies(jwk, JwtAlgorithm::es256)) {
    const auto x = number_of(jwk, "x"), y = number_of(jwk, "y");
    if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) {
      return std::nullopt;
    }
    auto key = PublicKey::from_der(JwtAlgorithm::es256, p256_der(*x, *y));
    return key ? std::optional<PublicKey>(*std::move(key)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<JwkSet> JwkSet::parse(std::string_view text) {
  const Result<Json> parsed = parse_json(text, JsonLimits{.depth_max = kSetDepthMax});
  const Error no_set(Errc::upstream_failed, PublicText(), LogText("this is no JWK set"));
  if (!parsed || !parsed->is_object()) return no_set;
  const auto keys = parsed->find("keys");
  if (keys == parsed->end() || !keys->is_array()) return no_set;
  JwkSet set;
  for (const Json& jwk : *keys) {
    if (set.keys_.size() == kJwksKeysMax) break;
    if (!jwk.is_object()) continue;
    if (auto key = key_of(jwk)) set.keys_.push_back({text_of(jwk, "kid"), *std::move(key)});
  }
  return set;
}

const PublicKey* JwkSet::find(std::string_view kid, JwtAlgorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const Entry& entry : keys_) {
    if (entry.key.algorithm() != algorithm) continue;
    if (!kid.empty() && entry.kid != kid) continue;
    if (!kid.empty()) return &entry.key;
    if (found) return nullptr;  // two: which of them it was, nobody said
    found = &entry.key;
  }
  return found;
}

}  // namespace chatpad::wire

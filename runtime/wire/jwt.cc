#include "runtime/wire/jwt.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

// Thrown inside this file only; verify() turns it into an Error.
struct Refused {
  std::string_view details;
  const char* why;
};

[[noreturn]] void refuse(const char* why) { throw Refused{kTokenNotValid, why}; }

Error to_error(const Refused& refused) {
  const bool expired = refused.details == kTokenExpired;
  Error error(Errc::bad_jwt,
              PublicText(expired ? "The token has expired." : "The token is not valid."),
              LogText(refused.why));
  error.details = refused.details;
  return error;
}

struct Segments {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_part;  // header and payload with their dot
};

Segments split(std::string_view token) {
  const size_t first = token.find('.');
  if (first == std::string_view::npos) refuse("a token has three segments");
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) refuse("a token has three segments");
  if (token.find('.', second + 1) != std::string_view::npos) refuse("a token has three segments");
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1), token.substr(0, second)};
}

Json object_of(std::string_view segment, const char* what) {
  const std::optional<std::string> text = base64url_decode(segment);
  if (!text) refuse("a segment is canonical base64url");
  const JsonLimits limits{.depth_max = kJwtDepthMax, .nul = NulEscape::refuse};
  Result<Json> parsed = parse_json(*text, limits);
  if (!parsed || !parsed->is_object()) refuse(what);
  return std::move(*parsed);
}

struct Header {
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;
  std::string kid;  // empty: none
};

Header check_header(const Json& header) {
  // Each of these asks for a key, a transformation or a rule that is not in the key table.
  static constexpr std::array kForbidden = {"crit", "b64", "zip",      "jku", "x5u", "jwk",
                                            "x5c",  "x5t", "x5t#S256", "cty", "enc"};
  for (const char* name : kForbidden) {
    if (header.contains(name)) refuse("the header has a parameter that is not supported");
  }
  const auto alg = header.find("alg");
  if (alg == header.end() || !alg->is_string()) refuse("the algorithm is a string");
  const auto algorithm = jwt_algorithm(alg->get_ref<const std::string&>());
  if (!algorithm) refuse("the algorithm is HS256, ES256 or RS256");
  const auto typ = header.find("typ");
  if (typ != header.end() && *typ != "JWT") refuse("typ is JWT");
  Header checked{*algorithm, {}};
  const auto kid = header.find("kid");
  if (kid == header.end()) return checked;
  if (!kid->is_string() || kid->get_ref<const std::string&>().empty()) refuse("kid is a string");
  checked.kid = kid->get<std::string>();
  return checked;
}

std::string text_claim(const Json& payload, const char* name) {
  const auto claim = payload.find(name);
  if (claim == payload.end()) return {};
  if (!claim->is_string()) refuse("a claim that should be a string is none");
  const auto& text = claim->get_ref<const std::string&>();
  if (text.size() > kJwtClaimBytesMax) refuse("a claim is too long");
  return text;
}

// Not by way of a double: 1e30, 1.0, "1" and true are all no dates here.
std::optional<int64_t> date_claim(const Json& payload, const char* name) {
  const auto claim = payload.find(name);
  if (claim == payload.end()) return std::nullopt;
  if (!claim->is_number_unsigned()) refuse("a date is an integer that is not negative");
  const auto value = claim->get<uint64_t>();
  if (value > static_cast<uint64_t>(INT64_MAX)) refuse("a date is too large");
  return static_cast<int64_t>(value);
}

std::string display_name(const Json& payload) {
  const auto metadata = payload.find("user_metadata");
  if (metadata == payload.end() || !metadata->is_object()) return {};
  for (const char* key : {"display_name", "name", "full_name"}) {
    const auto name = metadata->find(key);
    if (name == metadata->end() || !name->is_string()) continue;
    const auto& text = name->get_ref<const std::string&>();
    if (!text.empty() && text.size() <= kJwtClaimBytesMax) return text;
  }
  return {};
}

bool is_known_role(std::string_view role) {
  return role == "anon" || role == "visitor" || role == "authenticated" || role == "service_role";
}

void check_dates(const Json& payload, const JwtRules& rules, int64_t now_s, Claims& claims) {
  const std::optional<int64_t> exp = date_claim(payload, "exp");
  if (!exp) refuse("exp is required");
  const int64_t latest = now_s + rules.leeway_s;
  const std::optional<int64_t> iat = date_claim(payload, "iat");
  const std::optional<int64_t> nbf = date_claim(payload, "nbf");
  if (iat.value_or(0) > latest) refuse("iat lies in the future");
  if (nbf.value_or(0) > latest) refuse("nbf lies in the future");
  claims.exp = *exp;
  claims.iat = iat.value_or(0);
}

Claims read_claims(const Json& payload, const JwtRules& rules, int64_t now_s) {
  Claims claims;
  check_dates(payload, rules, now_s, claims);
  claims.role = text_claim(payload, "role");
  if (!is_known_role(claims.role)) refuse("the role is one of the closed list");
  claims.sub = text_claim(payload, "sub");
  claims.aud = text_claim(payload, "aud");
  if (payload.contains("aud") && rules.audience && claims.aud != *rules.audience) {
    refuse("the token is for another audience");
  }
  claims.iss = text_claim(payload, "iss");
  const auto& issuers = rules.issuers;
  if (payload.contains("iss") && !issuers.empty() &&
      std::find(issuers.begin(), issuers.end(), claims.iss) == issuers.end()) {
    refuse("the token is from another issuer");
  }
  claims.session_id = text_claim(payload, "session_id");
  claims.email = text_claim(payload, "email");
  claims.agent_id = text_claim(payload, "agent_id");
  claims.account_id = text_claim(payload, "account_id");
  claims.origin = text_claim(payload, "origin");
  claims.second_factor = text_claim(payload, "second_factor");
  claims.name = display_name(payload);
  claims.payload_json = dump(payload);
  // Last: only an otherwise perfect token is told apart as expired.
  if (claims.exp <= now_s) throw Refused{kTokenExpired, "the token has expired"};
  return claims;
}

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
  });
}

bool is_weak(const JwtKey& key) {
  return key.secret.size() < kJwtSecretBytesMin || is_blank(key.secret);
}

bool names_one_each(const std::vector<JwtKeyPair>& pairs) {
  for (auto pair = pairs.begin(); pair != pairs.end(); ++pair) {
    const auto is_same = [pair](const JwtKeyPair& other) { return other.id == pair->id; };
    if (pair->id.empty() || std::any_of(pairs.begin(), pair, is_same)) return false;
  }
  return true;
}

Error wrong_keys(const char* details, const char* sentence) {
  Error error(Errc::validation_failed, PublicText(sentence));
  error.details = details;
  return error;
}

std::string head_of(JwtAlgorithm algorithm, std::string_view kid) {
  JsonWriter header;
  header.object().field("alg", jwt_algorithm_name(algorithm)).field("typ", "JWT");
  if (!kid.empty()) header.field("kid", kid);
  header.end();
  return base64url_encode(header.view()) + '.';
}

std::string signed_part_of(JwtAlgorithm algorithm, std::string_view kid,
                           std::string_view payload_json) {
  const bool is_object = payload_json.starts_with('{') && check_json(payload_json);
  if (!is_object) raise(Errc::internal, {}, LogText("a token payload that is no JSON object"));
  return head_of(algorithm, kid) + base64url_encode(payload_json);
}

}  // namespace

JwtVerifier::JwtVerifier(JwtKeys keys, JwtRules rules)
    : keys_(std::make_shared<const JwtKeys>(std::move(keys))), rules_(std::move(rules)) {
  for (const JwtKeyPair& pair : keys_->pairs) {
    if (pair.id == keys_->signing_id && pair.signer) signer_ = &pair;
  }
}

Result<JwtVerifier> JwtVerifier::create(std::string secret, JwtRules rules) {
  JwtKeys keys;
  keys.secrets.push_back(JwtKey{"", std::move(secret)});
  return create(std::move(keys), std::move(rules));
}

Result<JwtVerifier> JwtVerifier::create(std::vector<JwtKey> secrets, JwtRules rules) {
  JwtKeys keys;
  keys.secrets = std::move(secrets);
  return create(std::move(keys), std::move(rules));
}

Result<JwtVerifier> JwtVerifier::create(JwtKeys keys, JwtRules rules) {
  const std::vector<JwtKey>& secrets = keys.secrets;
  if (secrets.empty() || secrets.size() > kJwtSecretsMax ||
      std::any_of(secrets.begin(), secrets.end(), is_weak)) {
    return wrong_keys("jwt_secret", "The JWT secret must be at least 32 bytes and not blank.");
  }
  if (keys.pairs.size() > kJwtKeyPairsMax || !names_one_each(keys.pairs)) {
    return wrong_keys("signing_key", "Every signing key has an id of its own, and there are few.");
  }
  CHECK(rules.token_bytes_max <= kJwtTokenBytesMax, "a token limit stays below the greatest");
  return JwtVerifier(std::move(keys), std::move(rules));
}

// The key decides the algorithm: a pair of the other one, or a secret, is not looked at.
bool JwtVerifier::signature_holds(std::string_view signed_part, std::string_view signature,
                                  JwtAlgorithm algorithm, std::string_view kid) const {
  if (algorithm != JwtAlgorithm::hs256) {
    for (const JwtKeyPair& pair : keys_->pairs) {
      if (pair.id != kid || pair.key.algorithm() != algorithm) continue;
      return pair.key.verify(signed_part, signature);
    }
    refuse(kJwtKeyUnknown.data());
  }
  bool known = false;
  for (const JwtKey& key : keys_->secrets) {
    if (!kid.empty() && kid != key.id) continue;
    CHECK(key.secret.size() >= kJwtSecretBytesMin, "nothing is signed with a short or empty key");
    known = true;
    const Digest mac = hmac_sha256(key.secret, signed_part);
    if (constant_time_equal(bytes_of(mac), signature)) return true;
  }
  if (!known) refuse(kJwtKeyUnknown.data());
  return false;
}

Result<Claims> JwtVerifier::verify(std::string_view token, int64_t now_s) const {
  try {
    if (token.size() > rules_.token_bytes_max) refuse("the token is too large");
    const Segments segments = split(token);
    const std::optional<std::string> signature = base64url_decode(segments.signature);
    if (!signature) refuse("a segment is canonical base64url");
    const Header header = check_header(object_of(segments.header, "the header is a JSON object"));
    const Json payload = object_of(segments.payload, "the payload is a JSON object");
    if (!signature_holds(segments.signed_part, *signature, header.algorithm, header.kid)) {
      refuse("the signature does not match");
    }
    return read_claims(payload, rules_, now_s);
  } catch (const Refused& refused) {
    return to_error(refused);
  }
}

Result<Claims> JwtVerifier::verify(std::string_view token) const { return verify(token, wall_s()); }

std::vector<std::string> JwtVerifier::pair_ids() const {
  std::vector<std::string> ids;
  for (const JwtKeyPair& pair : keys_->pairs) ids.push_back(pair.id);
  return ids;
}

bool JwtVerifier::has_pair(std::string_view id) const {
  return std::any_of(keys_->pairs.begin(), keys_->pairs.end(),
                     [id](const JwtKeyPair& pair) { return pair.id == id; });
}

std::string JwtVerifier::sign(std::string_view payload_json) const {
  if (!signer_) return sign_with_secret(payload_json);
  std::string text = signed_part_of(signer_->key.algorithm(), signer_->id, payload_json);
  const std::string signature = signer_->signer->sign(text);
  return finish(std::move(text), signature);
}

std::string JwtVerifier::sign_with_secret(std::string_view payload_json) const {
  const JwtKey& key = keys_->secrets.front();
  std::string text = signed_part_of(JwtAlgorithm::hs256, key.id, payload_json);
  const Digest mac = hmac_sha256(key.secret, text);
  return finish(std::move(text), bytes_of(mac));
}

std::string JwtVerifier::finish(std::string signed_part, std::string_view signature) const {
  signed_part += '.';
  signed_part += base64url_encode(signature);
  if (signed_part.size() > rules_.token_bytes_max) {
    raise(Errc::internal, {}, LogText("a token larger than the limit was to be signed"));
  }
  return signed_part;
}

}  // namespace chatpad::wire

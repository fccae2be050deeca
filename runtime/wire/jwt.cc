#include "runtime/wire/jwt.h"

#include <jwt.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

constexpr size_t kSignatureChars = 43;  // 32 bytes in unpadded base64url

struct Free {
  void operator()(jwt_t* token) const { jwt_free(token); }
  void operator()(char* text) const { std::free(text); }
};

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
};

Segments split(std::string_view token) {
  const size_t first = token.find('.');
  if (first == std::string_view::npos) refuse("a token has three segments");
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) refuse("a token has three segments");
  if (token.find('.', second + 1) != std::string_view::npos) refuse("a token has three segments");
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1)};
}

Json object_of(std::string_view segment, const char* what) {
  const std::optional<std::string> text = base64url_decode(segment);
  if (!text) refuse("a segment is canonical base64url");
  const JsonLimits limits{.depth_max = kJwtDepthMax, .nul = NulEscape::refuse};
  Result<Json> parsed = parse_json(*text, limits);
  if (!parsed || !parsed->is_object()) refuse(what);
  return std::move(*parsed);
}

// Returns the `kid`; empty when the header has none.
std::string check_header(const Json& header) {
  // Each of these asks for a key, a transformation or a rule that is not in the key table.
  static constexpr std::array kForbidden = {"crit", "b64", "zip",      "jku", "x5u", "jwk",
                                            "x5c",  "x5t", "x5t#S256", "cty", "enc"};
  for (const char* name : kForbidden) {
    if (header.contains(name)) refuse("the header has a parameter that is not supported");
  }
  const auto alg = header.find("alg");
  if (alg == header.end() || *alg != "HS256") refuse("the algorithm is HS256");
  const auto typ = header.find("typ");
  if (typ != header.end() && *typ != "JWT") refuse("typ is JWT");
  const auto kid = header.find("kid");
  if (kid == header.end()) return {};
  if (!kid->is_string() || kid->get_ref<const std::string&>().empty()) refuse("kid is a string");
  return kid->get<std::string>();
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

const unsigned char* key_bytes(const JwtKey& key) {
  CHECK(key.secret.size() >= kJwtSecretBytesMin, "libjwt never sees a short or empty key");
  return reinterpret_cast<const unsigned char*>(key.secret.data());
}

}  // namespace

JwtVerifier::JwtVerifier(std::vector<JwtKey> keys, JwtRules rules)
    : keys_(std::move(keys)), rules_(std::move(rules)) {
  JsonWriter header;
  header.object().field("alg", "HS256").field("typ", "JWT");
  if (!keys_.front().id.empty()) header.field("kid", keys_.front().id);
  header.end();
  signing_head_ = base64url_encode(header.view()) + '.';
}

Result<JwtVerifier> JwtVerifier::create(std::string secret, JwtRules rules) {
  std::vector<JwtKey> keys;
  keys.push_back(JwtKey{"", std::move(secret)});
  return create(std::move(keys), std::move(rules));
}

Result<JwtVerifier> JwtVerifier::create(std::vector<JwtKey> keys, JwtRules rules) {
  const auto is_weak = [](const JwtKey& key) {
    return key.secret.size() < kJwtSecretBytesMin || is_blank(key.secret);
  };
  if (keys.empty() || keys.size() > kJwtKeysMax || std::any_of(keys.begin(), keys.end(), is_weak)) {
    Error error(Errc::validation_failed,
                PublicText("The JWT secret must be at least 32 bytes and not blank."));
    error.details = "jwt_secret";
    return error;
  }
  CHECK(rules.token_bytes_max <= kJwtTokenBytesMax, "a token limit stays below libjwt's");
  return JwtVerifier(std::move(keys), std::move(rules));
}

bool JwtVerifier::signature_holds(const std::string& token, std::string_view kid) const {
  for (const JwtKey& key : keys_) {
    if (!kid.empty() && kid != key.id) continue;
    jwt_t* raw = nullptr;
    const int failed =
        jwt_decode(&raw, token.c_str(), key_bytes(key), static_cast<int>(key.secret.size()));
    const std::unique_ptr<jwt_t, Free> decoded(raw);
    // The second opinion on the algorithm is libjwt's own reading of the header.
    if (failed == 0 && raw && jwt_get_alg(raw) == JWT_ALG_HS256) return true;
  }
  return false;
}

Result<Claims> JwtVerifier::verify(std::string_view token, int64_t now_s) const {
  try {
    if (token.size() > rules_.token_bytes_max) refuse("the token is too large");
    const Segments segments = split(token);
    if (segments.signature.size() != kSignatureChars) refuse("the signature has 32 bytes");
    if (!base64url_decode(segments.signature)) refuse("a segment is canonical base64url");
    const Json header = object_of(segments.header, "the header is a JSON object");
    const std::string kid = check_header(header);
    const Json payload = object_of(segments.payload, "the payload is a JSON object");
    if (!signature_holds(std::string(token), kid)) refuse("the signature does not match");
    return read_claims(payload, rules_, now_s);
  } catch (const Refused& refused) {
    return to_error(refused);
  }
}

Result<Claims> JwtVerifier::verify(std::string_view token) const { return verify(token, wall_s()); }

// Written out here: libjwt would parse the payload, sort it and print it again, which costs more
// than the signature.
std::string JwtVerifier::sign(std::string_view payload_json) const {
  const bool is_object = payload_json.starts_with('{') && check_json(payload_json);
  if (!is_object) raise(Errc::internal, {}, LogText("a token payload that is no JSON object"));
  std::string token = signing_head_;
  token += base64url_encode(payload_json);
  const Digest mac = hmac_sha256(keys_.front().secret, token);
  token += '.';
  token += base64url_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
  if (token.size() > rules_.token_bytes_max) {
    raise(Errc::internal, {}, LogText("a token larger than the limit was to be signed"));
  }
  return token;
}

}  // namespace chatpad::wire

// JWT (RFC 7519 over RFC 7515): the one place where a token's signature and claims are checked.
//
//   Result<JwtVerifier> verifier = JwtVerifier::create(secret, rules);
//   Result<Claims> claims = verifier->verify(token, wall_s());
//   std::string token = verifier->sign(payload_json);
//
// HS256 only. A token decides neither its algorithm nor its key: both come from the key table. A
// token that names a `kid` must name one of the table's ids; one without is tried against every key
// (at most kJwtKeysMax), which is how a secret is replaced without refusing anybody.
//
// verify() gives Errc::bad_jwt; `details` is kTokenExpired when everything but the time was right,
// else kTokenNotValid; the log text says which rule failed, never a part of the token. It does not
// ask whether a session still lives or a user is banned: that is the database's knowledge.
// libjwt checks and makes signatures behind the guards of docs/decisions/0001-jwt.md.
//
// Immutable after construction, so every loop may share one. Cache: jwt_cache.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::wire {

constexpr size_t kJwtSecretBytesMin = 32;   // RFC 7518, 3.2: at least the size of the digest
constexpr size_t kJwtTokenBytesMax = 8192;  // libjwt copies tokens to the stack
constexpr size_t kJwtKeysMax = 4;           // secrets valid at the same time
constexpr int kJwtDepthMax = 16;            // nesting of the payload
constexpr size_t kJwtClaimBytesMax = 1024;  // each claim that becomes a member of Claims

constexpr std::string_view kTokenExpired = "token_expired";
constexpr std::string_view kTokenNotValid = "token_not_valid";

struct JwtRules {
  // A token's `aud`, when present, must be this string. Unset: any string.
  std::optional<std::string> audience;
  // A token's `iss`, when present, must be one of these. Empty: any string.
  std::vector<std::string> issuers;
  // For `nbf` and `iat` only; `exp` is exact.
  int64_t leeway_s = 5;
  size_t token_bytes_max = kJwtTokenBytesMax;
};

struct JwtKey {
  std::string id;  // empty: no `kid` names it
  std::string secret;
};

// A verified token. Absent claims are empty.
struct Claims {
  std::string role;  // anon, visitor, authenticated or service_role
  std::string sub;
  std::string aud;
  std::string iss;
  std::string session_id;
  std::string email;
  std::string agent_id;
  std::string account_id;
  std::string origin;
  std::string name;  // user_metadata: display_name, else name, else full_name
  int64_t exp = 0;
  int64_t iat = 0;           // 0 when absent
  std::string payload_json;  // the whole payload, written again by us
};

class JwtVerifier {
 public:
  // Errc::validation_failed (details "jwt_secret") for a secret that is too short or only blanks.
  static Result<JwtVerifier> create(std::string secret, JwtRules rules = {});
  // The first key signs.
  static Result<JwtVerifier> create(std::vector<JwtKey> keys, JwtRules rules = {});

  Result<Claims> verify(std::string_view token, int64_t now_s) const;
  Result<Claims> verify(std::string_view token) const;  // now

  // `payload_json` is a JSON object. Raises Errc::internal when it is not one, or when the token
  // would be larger than verify() accepts.
  std::string sign(std::string_view payload_json) const;

  const JwtRules& rules() const { return rules_; }

 private:
  JwtVerifier(std::vector<JwtKey> keys, JwtRules rules);
  bool signature_holds(const std::string& token, std::string_view kid) const;

  std::vector<JwtKey> keys_;
  JwtRules rules_;
  std::string signing_head_;  // the encoded header of our own tokens, with its dot
};

}  // namespace chatpad::wire

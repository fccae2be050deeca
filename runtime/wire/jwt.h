// JWT (RFC 7519 over RFC 7515): the one place where a token's signature and claims are checked.
//
//   Result<JwtVerifier> verifier = JwtVerifier::create(secret, rules);
//   Result<Claims> claims = verifier->verify(token, wall_s());
//   std::string token = verifier->sign(payload_json);
//
// HS256, ES256 and RS256. A token decides neither its algorithm nor its key: both come from the key
// table, where every key has one algorithm. A token that names a `kid` must name one of the table's
// ids, with the algorithm that this key has; ES256 and RS256 ask for one. A token without is HS256
// and tried against every secret (at most kJwtSecretsMax).
//
// verify() gives Errc::bad_jwt; `details` is kTokenExpired when everything but the time was right,
// else kTokenNotValid; the log text says which rule failed, never a part of the token, and is
// kJwtKeyUnknown when the table lacks the key that was named. It does not ask whether a session
// still lives or a user is banned: that is the database's knowledge. The guards, and why it is
// OpenSSL that computes: docs/decisions/0001-jwt.md.
//
// Immutable after construction, so every loop may share one. Cache: jwt_cache.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/wire/jose_key.h"

namespace chatpad::wire {

constexpr size_t kJwtSecretBytesMin = 32;  // RFC 7518, 3.2: at least the size of the digest
constexpr size_t kJwtTokenBytesMax = 8192;
constexpr size_t kJwtSecretsMax = 4;        // secrets valid at the same time
constexpr size_t kJwtKeyPairsMax = 16;      // asymmetric keys valid at the same time
constexpr int kJwtDepthMax = 16;            // nesting of the payload
constexpr size_t kJwtClaimBytesMax = 1024;  // each claim that becomes a member of Claims

constexpr std::string_view kTokenExpired = "token_expired";
constexpr std::string_view kTokenNotValid = "token_not_valid";
constexpr std::string_view kJwtKeyUnknown = "the table has no key of this name and algorithm";

struct JwtRules {
  // A token's `aud`, when present, must be this string. Unset: any string.
  std::optional<std::string> audience;
  // A token's `iss`, when present, must be one of these. Empty: any string.
  std::vector<std::string> issuers;
  // For `nbf` and `iat` only; `exp` is exact.
  int64_t leeway_s = 5;
  size_t token_bytes_max = kJwtTokenBytesMax;
};

// A secret of HS256.
struct JwtKey {
  std::string id;  // empty: no `kid` names it
  std::string secret;
};

// A key of ES256 or RS256.
struct JwtKeyPair {
  std::string id;
  PublicKey key;
  std::optional<PrivateKey> signer;  // for the key that signs
};

struct JwtKeys {
  std::vector<JwtKey> secrets;  // the first signs while no pair does
  std::vector<JwtKeyPair> pairs;
  std::string signing_id;  // the pair that signs; empty: none
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
  std::string second_factor;  // "due": the person has one and has not given it yet
  std::string name;           // user_metadata: display_name, else name, else full_name
  int64_t exp = 0;
  int64_t iat = 0;           // 0 when absent
  std::string payload_json;  // the whole payload, written again by us
};

class JwtVerifier {
 public:
  // Errc::validation_failed (details "jwt_secret") for a secret that is too short or only blanks.
  static Result<JwtVerifier> create(std::string secret, JwtRules rules = {});
  static Result<JwtVerifier> create(std::vector<JwtKey> secrets, JwtRules rules = {});
  // Also (details "signing_key") when two pairs have one id, one has none, or there are too many.
  static Result<JwtVerifier> create(JwtKeys keys, JwtRules rules = {});

  Result<Claims> verify(std::string_view token, int64_t now_s) const;
  Result<Claims> verify(std::string_view token) const;  // now

  // By the pair that signs, else by the first secret. `payload_json` is a JSON object. Raises
  // Errc::internal when it is not one, or when the token would be larger than verify() accepts.
  std::string sign(std::string_view payload_json) const;
  // By the first secret, whatever signs else: for tokens that nobody but us has to check.
  std::string sign_with_secret(std::string_view payload_json) const;

  const JwtRules& rules() const { return rules_; }
  std::vector<std::string> pair_ids() const;
  bool has_pair(std::string_view id) const;

 private:
  JwtVerifier(JwtKeys keys, JwtRules rules);
  bool signature_holds(std::string_view signed_part, std::string_view signature,
                       JwtAlgorithm algorithm, std::string_view kid) const;
  std::string finish(std::string signed_part, std::string_view signature) const;

  std::shared_ptr<const JwtKeys> keys_;
  JwtRules rules_;
  const JwtKeyPair* signer_ = nullptr;  // one of keys_
};

}  // namespace chatpad::wire

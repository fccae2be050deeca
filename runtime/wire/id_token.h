// ID tokens (OpenID Connect Core, 2 and 3.1.3.7): who an identity provider says somebody is.
//
//   const IdTokenHead head = read_id_token_head(token).or_raise();
//   const PublicKey* key = keys.find(head.kid, head.algorithm);        // jwk_set.h
//   const IdToken who = verify_id_token(token, *key, rules, wall_s()).or_raise();
//
// RS256 and ES256. The algorithm belongs to the key; the head's word only helps to find it, and
// keys, addresses of keys and certificates that a token brings along are never looked at.
//
// Errors: Errc::bad_jwt; unexpected_audience for a token that is for somebody else. The log text
// says which rule failed and repeats nothing of the token. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/wire/jose_key.h"

namespace chatpad::wire {

constexpr size_t kIdTokenBytesMax = 32 * 1024;
constexpr size_t kIdSubjectBytesMax = 255;  // OpenID Connect Core, 2

struct IdTokenHead {
  JwtAlgorithm algorithm = JwtAlgorithm::rs256;
  std::string kid;  // empty: none
};
Result<IdTokenHead> read_id_token_head(std::string_view token);

struct IdTokenRules {
  // `iss` is one of these. "{tenantid}" in one stands for the token's own `tid`.
  std::vector<std::string> issuers;
  // `aud` names one of these; `azp`, when it is there or several are named, is one of these.
  std::vector<std::string> audiences;
  // `nonce` is this. Unset: the token came without a flow of ours and may have any.
  std::optional<std::string> nonce;
  // When given, `at_hash` has to fit it where the token has one.
  std::string access_token;
  int64_t leeway_s = 60;
};

struct IdToken {
  std::string issuer;
  std::string subject;
  std::string payload_json;
};
Result<IdToken> verify_id_token(std::string_view token, const PublicKey& key,
                                const IdTokenRules& rules, int64_t now_s);

}  // namespace chatpad::wire

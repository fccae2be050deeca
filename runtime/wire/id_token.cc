#include "runtime/wire/id_token.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

constexpr int kDepthMax = 16;
constexpr std::string_view kTenant = "{tenantid}";

// Thrown inside this file only.
struct Refused {
  Errc errc;
  const char* why;
};

[[noreturn]] void refuse(const char* why) { throw Refused{Errc::bad_jwt, why}; }

Error to_error(const Refused& refused) {
  return Error(refused.errc, PublicText("The provider's token is not valid."),
               LogText(refused.why));
}

struct Segments {
  std::string_view head, payload, signature, signed_part;
};

Segments split(std::string_view token) {
  if (token.size() > kIdTokenBytesMax) refuse("the token is too large");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    refuse("a token has three segments");
  }
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1), token.substr(0, second)};
}

Json object_of(std::string_view segment) {
  const std::optional<std::string> text = base64url_decode(segment);
  if (!text) refuse("a segment is canonical base64url");
  Result<Json> parsed =
      parse_json(*text, JsonLimits{.depth_max = kDepthMax, .nul = NulEscape::refuse});
  if (!parsed || !parsed->is_object()) refuse("a segment is a JSON object");
  return std::move(*parsed);
}

std::string text_of(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end()) return {};
  if (!member->is_string()) refuse("a claim that should be a string is none");
  return member->get<std::string>();
}

IdTokenHead head_of(const Json& head) {
  // Each of them would change what the signature or the payload means.
  static constexpr std::array kForbidden = {"crit", "b64", "zip", "enc", "cty"};
  for (const char* name : kForbidden) {
    if (head.contains(name)) refuse("the head has a parameter that is not supported");
  }
  const std::string typ = text_of(head, "typ");
  if (!typ.empty() && typ != "JWT" && typ != "jwt") refuse("typ is JWT");
  const auto algorithm = jwt_algorithm(text_of(head, "alg"));
  if (!algorithm || *algorithm == JwtAlgorithm::hs256) refuse("the algorithm is RS256 or ES256");
  return {*algorithm, text_of(head, "kid")};
}

bool is_one_of(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void check_issuer(const Json& payload, const IdTokenRules& rules) {
  const std::string issuer = text_of(payload, "iss");
  for (const std::string& known : rules.issuers) {
    const size_t at = known.find(kTenant);
    if (at == std::string::npos) {
      if (issuer == known) return;
      continue;
    }
    const std::string tenant = text_of(payload, "tid");
    if (!Uuid::parse(tenant)) continue;
    if (issuer == known.substr(0, at) + tenant + known.substr(at + kTenant.size())) return;
  }
  refuse("the token is from another issuer");
}

void check_audience(const Json& payload, const IdTokenRules& rules) {
  const auto aud = payload.find("aud");
  size_t named = 0;
  bool ours = false;
  const auto look = [&](const Json& one) {
    if (!one.is_string()) refuse("aud is a string or a list of strings");
    ++named;
    ours = ours || is_one_of(rules.audiences, one.get<std::string>());
  };
  if (aud != payload.end() && aud->is_array()) {
    for (const Json& one : *aud) look(one);
  } else if (aud != payload.end()) {
    look(*aud);
  }
  if (!ours) throw Refused{Errc::unexpected_audience, "the token is for another audience"};
  const std::string party = text_of(payload, "azp");
  if ((named > 1 || !party.empty()) && !is_one_of(rules.audiences, party)) {
    throw Refused{Errc::unexpected_audience, "the token was made for another party"};
  }
}

int64_t date_of(const Json& payload, const char* name) {
  const auto claim = payload.find(name);
  if (claim == payload.end() || !claim->is_number_unsigned() ||
      claim->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    refuse("a date is missing or no integer");
  }
  return static_cast<int64_t>(claim->get<uint64_t>());
}

void check_dates(const Json& payload, const IdTokenRules& rules, int64_t now_s) {
  if (date_of(payload, "exp") <= now_s - rules.leeway_s) refuse("the token has expired");
  if (date_of(payload, "iat") > now_s + rules.leeway_s) refuse("iat lies in the future");
  if (payload.contains("nbf") && date_of(payload, "nbf") > now_s + rules.leeway_s) {
    refuse("nbf lies in the future");
  }
}

void check_bindings(const Json& payload, const IdTokenRules& rules) {
  if (rules.nonce && !constant_time_equal(text_of(payload, "nonce"), *rules.nonce)) {
    refuse("the nonce is not the one of this flow");
  }
  const std::string at_hash = text_of(payload, "at_hash");
  if (at_hash.empty() || rules.access_token.empty()) return;
  const Digest digest = sha256(rules.access_token);
  if (at_hash != base64url_encode(bytes_of(digest).substr(0, digest.size() / 2))) {
    refuse("at_hash does not fit the access token");
  }
}

}  // namespace

Result<IdTokenHead> read_id_token_head(std::string_view token) {
  try {
    return head_of(object_of(split(token).head));
  } catch (const Refused& refused) {
    return to_error(refused);
  }
}

Result<IdToken> verify_id_token(std::string_view token, const PublicKey& key,
                                const IdTokenRules& rules, int64_t now_s) {
  try {
    const Segments segments = split(token);
    if (head_of(object_of(segments.head)).algorithm != key.algorithm()) {
      refuse("the algorithm is not the key's");
    }
    const std::optional<std::string> signature = base64url_decode(segments.signature);
    if (!signature || !key.verify(segments.signed_part, *signature, EcdsaForm::any)) {
      refuse("the signature does not match");
    }
    const Json payload = object_of(segments.payload);
    check_issuer(payload, rules);
    check_audience(payload, rules);
    check_dates(payload, rules, now_s);
    check_bindings(payload, rules);
    IdToken who;
    who.issuer = text_of(payload, "iss");
    who.subject = text_of(payload, "sub");
    if (who.subject.empty() || who.subject.size() > kIdSubjectBytesMax) {
      refuse("sub is empty or too long");
    }
    who.payload_json = dump(payload);
    return who;
  } catch (const Refused& refused) {
    return to_error(refused);
  }
}

}  // namespace chatpad::wire

#include "functions/shared/external/oidc_person.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

using wire::Json;

constexpr std::string_view kPersonalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
constexpr size_t kClaimBytesMax = 2048;

// Copied as they are; identity_data of Supabase's clients has the same names.
constexpr const char* kCopied[] = {"name",     "given_name", "family_name",
                                   "nickname", "picture",    "locale",
                                   "zoneinfo", "website",    "preferred_username"};

Error refused(Errc errc, const char* why) { return Error(errc, PublicText(), LogText(why)); }

std::string text_of(const Json& claims, const char* name) {
  const auto claim = claims.find(name);
  if (claim == claims.end() || !claim->is_string()) return {};
  const auto& text = claim->get_ref<const std::string&>();
  return text.size() <= kClaimBytesMax ? text : std::string();
}

bool says_yes(const Json& claims, const char* name) {
  const auto claim = claims.find(name);
  if (claim == claims.end()) return false;
  if (claim->is_boolean()) return claim->get<bool>();
  if (claim->is_number_unsigned()) return claim->get<uint64_t>() == 1;
  return claim->is_string() && (*claim == "true" || *claim == "1");
}

bool is_one_tenant(const SignInProvider& provider) {
  return provider.issuer.find("/common/") == std::string::npos &&
         provider.issuer.find("/organizations/") == std::string::npos;
}

bool is_verified(const SignInProvider& provider, const Json& claims) {
  if (provider.kind != ProviderKind::azure) return says_yes(claims, "email_verified");
  return says_yes(claims, "xms_edov") || text_of(claims, "tid") == kPersonalTenant ||
         (is_one_tenant(provider) && !provider.domains.empty());
}

bool is_member(const SignInProvider& provider, const Json& claims, const std::string& email) {
  if (!vouches_for(provider, email)) return false;
  if (provider.kind != ProviderKind::google || provider.domains.empty()) return true;
  return vouches_for(provider, "@" + text_of(claims, "hd"));
}

// A claim's values: a text, or a list of texts. "a.b" looks into objects when there is no claim of
// that whole name, which Auth0's namespaces ("https://example.com/groups") have.
std::vector<std::string> values_of(const Json& claims, const std::string& name) {
  const Json* at = &claims;
  if (claims.contains(name)) {
    at = &claims[name];
  } else {
    for (size_t start = 0; at && start <= name.size();) {
      const size_t dot = std::min(name.find('.', start), name.size());
      const auto next = at->is_object() ? at->find(name.substr(start, dot - start)) : at->end();
      at = at->is_object() && next != at->end() ? &*next : nullptr;
      start = dot + 1;
    }
  }
  std::vector<std::string> values;
  if (at && at->is_string()) values.push_back(at->get<std::string>());
  if (at && at->is_array()) {
    for (const Json& one : *at) {
      if (one.is_string() && values.size() < kGroupsMax) values.push_back(one.get<std::string>());
    }
  }
  return values;
}

// Google's tokens name it with and without the scheme; as configured it is one issuer. Of Azure's
// issuer for every tenant the token says which it is.
std::string issuer_of(const SignInProvider& provider, const Json& claims) {
  return provider.kind == ProviderKind::azure ? text_of(claims, "iss") : provider.issuer;
}

std::string identity_data(const SignInProvider& provider, const Json& claims,
                          const ExternalIdentity& who) {
  wire::JsonWriter out;
  out.object()
      .field("iss", issuer_of(provider, claims))
      .field("sub", who.provider_id)
      .field("provider_id", who.provider_id)
      .field("email", who.email)
      .field("email_verified", who.email_verified == Verified::yes)
      .field("phone_verified", false);
  for (const char* name : kCopied) {
    const std::string value = text_of(claims, name);
    if (!value.empty()) out.field(name, value);
  }
  const std::string name = text_of(claims, "name");
  const std::string picture = text_of(claims, "picture");
  if (!name.empty()) out.field("full_name", name);
  if (!picture.empty()) out.field("avatar_url", picture);
  out.end();
  return std::move(out).str();
}

Result<Json> merged(std::string_view claims, std::string_view userinfo) {
  Result<Json> all = wire::parse_json(claims);
  if (!all || !all->is_object()) return refused(Errc::bad_oauth_callback, "claims are an object");
  if (userinfo.empty()) return all;
  const Result<Json> more = wire::parse_json(userinfo);
  if (!more || !more->is_object()) {
    return refused(Errc::bad_oauth_callback, "userinfo is no JSON object");
  }
  if (text_of(*more, "sub") != text_of(*all, "sub")) {
    return refused(Errc::bad_oauth_callback, "userinfo is about somebody else");
  }
  for (const auto& [name, value] : more->items()) {
    if (!all->contains(name)) (*all)[name] = value;
  }
  return all;
}

}  // namespace

bool needs_userinfo(std::string_view claims) {
  const Result<Json> parsed = wire::parse_json(claims);
  return !parsed || !parsed->is_object() || text_of(*parsed, "email").empty();
}

Result<OidcPerson> read_person(const SignInProvider& provider, std::string_view claims_json,
                               std::string_view userinfo) {
  const Result<Json> all = merged(claims_json, userinfo);
  if (!all) return all.error();
  const Json& claims = *all;
  if (provider.kind == ProviderKind::cognito && text_of(claims, "token_use") != "id") {
    return refused(Errc::bad_oauth_callback, "this is no ID token of Cognito");
  }
  OidcPerson person;
  ExternalIdentity& who = person.identity;
  who.provider = provider.identifier;
  who.provider_id = text_of(claims, "sub");
  who.email = text_of(claims, "email");
  if (!wire::is_email(who.email)) who.email.clear();
  if (!who.email.empty() && is_verified(provider, claims)) who.email_verified = Verified::yes;
  if (!provider.domains.empty() && !is_member(provider, claims, who.email)) {
    return refused(Errc::email_address_not_authorized, "outside of the provider's domains");
  }
  who.data_json = identity_data(provider, claims, who);
  who.sso = !provider.account_id.empty();
  who.account_id = provider.account_id;
  if (!provider.role_claim.empty()) who.groups = values_of(claims, provider.role_claim);
  return person;
}

}  // namespace chatpad::functions

#include "functions/shared/external/oidc.h"

#include <algorithm>

#include "functions/shared/account/redirect.h"
#include "functions/shared/fetch/fetcher.h"
#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr size_t kExtraCharsMax = 500;
constexpr size_t kExtraScopesMax = 20;
constexpr std::string_view kTenant = "{tenantid}";
constexpr const char* kPassedOn[] = {"prompt",      "login_hint", "domain_hint", "hd",
                                     "access_type", "ui_locales", "acr_values"};

[[noreturn]] void refuse(const char* why) { raise(Errc::bad_oauth_callback, {}, LogText(why)); }

bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= 200 && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

std::vector<std::string> all_scopes(const SignInProvider& provider, const AuthorizeExtras& extras) {
  std::vector<std::string> scopes = {"openid"};
  for (const auto* list : {&provider.scopes, &extras.scopes}) {
    for (const std::string& scope : *list) {
      if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
    }
  }
  return scopes;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// RFC 6749, 2.3.1: form-encoded, then as HTTP's basic authentication.
std::string basic_header(const SignInProvider& provider) {
  return "Authorization: Basic " +
         wire::base64_encode(wire::percent_encode(provider.client_id) + ":" +
                             wire::percent_encode(provider.client_secret));
}

http::SafeRequest token_request(const Config& config, const Discovery& doc,
                                const SignInProvider& provider, const FlowSecrets& secrets,
                                const std::string& code) {
  UrlParameters form;
  form.add("grant_type", "authorization_code")
      .add("code", code)
      .add("redirect_uri", callback_url(config, provider))
      .add("code_verifier", secrets.verifier);
  http::SafeRequest request;
  request.method = "POST";
  request.url = doc.token_endpoint;
  request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
  if (!provider.client_secret.empty() && doc.basic) {
    request.headers.push_back(basic_header(provider));
  } else {
    form.add("client_id", provider.client_id);
    if (!provider.client_secret.empty()) form.add("client_secret", provider.client_secret);
  }
  request.body = form.text();
  request.total_ms = kTokenFetchMs;
  request.response_bytes_max = kTokenAnswerBytesMax;
  request.redirects_max = 0;
  return request;
}

// "https://host/{tenantid}/v2.0" is every tenant's; `said` has its id in that place.
bool is_issuer(std::string_view issuer, std::string_view said) {
  const size_t at = issuer.find(kTenant);
  if (at == std::string_view::npos) return said == issuer;
  const std::string_view after = issuer.substr(at + kTenant.size());
  if (said.size() < at + after.size() || !said.starts_with(issuer.substr(0, at)) ||
      !said.ends_with(after)) {
    return false;
  }
  return Uuid::parse(said.substr(at, said.size() - at - after.size())).has_value();
}

struct TokenAnswer {
  std::string id_token;
  std::string access_token;
  std::string refresh_token;
};

TokenAnswer read_answer(const http::Response& response) {
  const Result<wire::Fields> parsed = wire::Fields::parse(response.body);
  if (response.head.status != 200 || !parsed) {
    raise(Errc::bad_oauth_callback, PublicText("Unable to exchange external code"),
          LogText("the token endpoint answered " + std::to_string(response.head.status)));
  }
  try {
    TokenAnswer answer;
    answer.id_token = parsed->string("id_token", 1, wire::kIdTokenBytesMax);
    answer.access_token = parsed->optional_string("access_token", 32'768).value_or("");
    answer.refresh_token = parsed->optional_string("refresh_token", 32'768).value_or("");
    return answer;
  } catch (const Raised&) {  // a member is missing or of another type
    refuse("the token endpoint gave no ID token");
  }
}

Task<std::string> fetch_userinfo(edge::Context* context, std::string url, std::string token) {
  http::SafeRequest request;
  request.url = std::move(url);
  request.headers = {"Accept: application/json", "Authorization: Bearer " + token};
  request.total_ms = kIssuerFetchMs;
  request.response_bytes_max = kTokenAnswerBytesMax;
  request.redirects_max = 0;
  http::SafeClient& client = context->local<Fetcher>().client();
  http::Response response = co_await http::safe_fetch(client, std::move(request));
  if (response.head.status != 200) refuse("userinfo answered with another status than 200");
  co_return std::move(response.body);
}

wire::IdTokenRules rules_of(const SignInProvider& provider, const Discovery& doc, std::string nonce,
                            std::string access_token) {
  wire::IdTokenRules rules;
  rules.issuers = {doc.issuer};
  // Google's tokens may leave the scheme out (its documentation, "Validating an ID token").
  if (provider.kind == ProviderKind::google && doc.issuer == "https://accounts.google.com") {
    rules.issuers.emplace_back("accounts.google.com");
  }
  rules.audiences = provider.client_ids;
  rules.audiences.push_back(provider.client_id);
  rules.nonce = std::move(nonce);
  rules.access_token = std::move(access_token);
  return rules;
}

Task<Vouched> vouched(edge::Context* context, SignInProvider provider, Discovery doc,
                      TokenAnswer answer, std::string nonce) {
  const wire::IdTokenHead head = wire::read_id_token_head(answer.id_token).or_raise();
  OidcDirectory& directory = context->local<OidcDirectory>();
  const wire::PublicKey key = co_await directory.key(doc.jwks_uri, head);
  const wire::IdTokenRules rules = rules_of(provider, doc, std::move(nonce), answer.access_token);
  const wire::IdToken token =
      wire::verify_id_token(answer.id_token, key, rules, wall_s()).or_raise();
  std::string userinfo;
  if (!doc.userinfo_endpoint.empty() && !answer.access_token.empty() &&
      needs_userinfo(token.payload_json)) {
    userinfo = co_await fetch_userinfo(context, doc.userinfo_endpoint, answer.access_token);
  }
  Vouched who;
  who.person = read_person(provider, token.payload_json, userinfo).or_raise();
  who.access_token = answer.access_token;
  who.refresh_token = answer.refresh_token;
  co_return who;
}

}  // namespace

AuthorizeExtras read_extras(const edge::Call& call) {
  AuthorizeExtras extras;
  std::string scopes = call.query("scopes").value_or("");
  std::replace(scopes.begin(), scopes.end(), ',', ' ');
  for (size_t start = 0; start < scopes.size();) {
    const size_t end = std::min(scopes.find(' ', start), scopes.size());
    std::string scope = scopes.substr(start, end - start);
    start = end + 1;
    if (scope.empty()) continue;
    if (!is_scope(scope) || extras.scopes.size() == kExtraScopesMax) {
      wire::refuse_field("scopes", "must hold up to 20 scopes");
    }
    extras.scopes.push_back(std::move(scope));
  }
  for (const char* name : kPassedOn) {
    auto value = call.query(name);
    if (!value) continue;
    if (value->size() > kExtraCharsMax) wire::refuse_field(name, "must be shorter");
    extras.parameters.emplace_back(name, *std::move(value));
  }
  return extras;
}

std::string callback_url(const Config& config, const SignInProvider& provider) {
  const std::string url = config.public_url + "/auth/v1/callback";
  return provider.account_id.empty() ? url : url + "/" + provider.id;
}

std::string authorization_url(const Config& config, const Discovery& doc,
                              const SignInProvider& provider, const FlowSecrets& secrets,
                              const AuthorizeExtras& extras) {
  const wire::Digest challenge = wire::sha256(secrets.verifier);
  UrlParameters query;
  query.add("response_type", "code")
      .add("client_id", provider.client_id)
      .add("redirect_uri", callback_url(config, provider))
      .add("scope", joined(all_scopes(provider, extras)))
      .add("state", secrets.state)
      .add("nonce", secrets.nonce)
      .add("code_challenge", wire::base64url_encode(wire::bytes_of(challenge)))
      .add("code_challenge_method", "S256");
  for (const auto& [name, value] : extras.parameters) query.add(name, value);
  return with_query(doc.authorization_endpoint, query);
}

Task<Vouched> redeem_at_provider(edge::Context* context, SignInProvider provider,
                                 FlowSecrets secrets, std::string code,
                                 std::optional<std::string> issuer) {
  OidcDirectory& directory = context->local<OidcDirectory>();
  Discovery doc = co_await directory.discovery(provider.issuer, provider.kind);
  const bool right = issuer ? is_issuer(doc.issuer, *issuer) : !doc.says_issuer;
  if (!right) refuse("the code comes from another issuer");
  if (issuer) doc.issuer = *std::move(issuer);  // of every tenant: the token has to be of the same
  http::SafeRequest request = token_request(context->config(), doc, provider, secrets, code);
  http::SafeClient& client = context->local<Fetcher>().client();
  http::Response response = co_await http::safe_fetch(client, std::move(request));
  TokenAnswer answer = read_answer(response);
  Vouched who = co_await vouched(context, std::move(provider), std::move(doc), std::move(answer),
                                 std::move(secrets.nonce));
  co_return who;
}

Task<Vouched> read_id_token(edge::Context* context, SignInProvider provider, IdTokenInput input) {
  OidcDirectory& directory = context->local<OidcDirectory>();
  Discovery doc = co_await directory.discovery(provider.issuer, provider.kind);
  TokenAnswer answer;
  answer.id_token = std::move(input.id_token);
  answer.access_token = std::move(input.access_token);
  Vouched who = co_await vouched(context, std::move(provider), std::move(doc), std::move(answer),
                                 std::move(input.nonce));
  co_return who;
}

}  // namespace chatpad::functions

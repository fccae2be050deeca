#include "functions/shared/external/provider.h"

#include <algorithm>

#include "functions/shared/secret/secrets.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kProvider{"sign_in_provider", "select api.sign_in_provider($1)"};
constexpr std::string_view kKinds[] = {"generic", "okta", "auth0", "azure", "cognito", "google"};
constexpr size_t kItemsMax = 100;
constexpr size_t kTextCharsMax = 4096;

ProviderKind kind_of(std::string_view name) {
  const auto* found = std::find(std::begin(kKinds), std::end(kKinds), name);
  return found == std::end(kKinds) ? ProviderKind::generic
                                   : static_cast<ProviderKind>(found - std::begin(kKinds));
}

}  // namespace

std::optional<SignInProvider> provider_of(edge::Context& context, std::string_view json) {
  if (json.empty() || json == "null") return std::nullopt;
  const wire::Fields f = wire::Fields::parse(json).or_raise();
  SignInProvider p;
  p.id = f.string("id", 1, kTextCharsMax);
  p.account_id = f.optional_string("accountId", kTextCharsMax).value_or("");
  p.saml = f.string("protocol", 1, kTextCharsMax) == "saml";
  p.kind = kind_of(f.string("kind", 1, kTextCharsMax));
  p.identifier = f.string("identifier", 1, kTextCharsMax);
  p.name = f.string("name", 1, kTextCharsMax);
  p.issuer = f.optional_string("issuer", kTextCharsMax).value_or("");
  p.client_id = f.optional_string("clientId", kTextCharsMax).value_or("");
  p.client_ids = f.string_list("clientIds", kItemsMax, kTextCharsMax);
  p.scopes = f.string_list("scopes", kItemsMax, kTextCharsMax);
  p.domains = f.string_list("domains", kItemsMax, kTextCharsMax);
  p.role_claim = f.optional_string("roleClaim", kTextCharsMax).value_or("");
  p.saml_json = f.optional_object_text("saml", wire::kJsonBytesMax).value_or("");
  const auto sealed = f.optional_string("sealed", 100'000);
  if (sealed) {
    Secrets& secrets = context.local<Secrets>();
    p.client_secret = secrets.open({p.id, kProviderSecretPlace}, *sealed).or_raise();
  }
  return p;
}

Task<std::optional<SignInProvider>> find_provider(edge::Call call, std::string by,
                                                  std::string value) {
  wire::JsonWriter p;
  p.object().field(by, value).end();
  pg::Params params(std::move(p).str());
  pg::Rows rows = co_await call.service().rows(kProvider, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  std::optional<SignInProvider> found = provider_of(call.context(), rows.text(0, 0));
  co_return found;
}

Task<SignInProvider> find_oidc_provider(edge::Call call, std::string name) {
  std::optional<SignInProvider> provider =
      co_await find_provider(call, "identifier", std::move(name));
  if (!provider || provider->saml) {
    raise(Errc::validation_failed, PublicText("Unsupported provider: provider is not enabled"));
  }
  co_return *std::move(provider);
}

bool vouches_for(const SignInProvider& provider, std::string_view email) {
  if (provider.domains.empty()) return true;
  const size_t at = email.rfind('@');
  if (at == std::string_view::npos) return false;
  std::string domain(email.substr(at + 1));
  std::transform(domain.begin(), domain.end(), domain.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(provider.domains.begin(), provider.domains.end(), domain) !=
         provider.domains.end();
}

}  // namespace chatpad::functions

// SignInProvider: a provider that signs people in, as api.sign_in_provider tells of it, its client
// secret opened. What is asked of it and what its answers mean: oidc.h, saml_sign_in.h.
//
//   std::optional<SignInProvider> provider = co_await find_provider(call, "identifier", "google");
//
// Errors: Errc::internal when its secret does not open; those of the functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

enum class ProviderKind : uint8_t { generic, okta, auth0, azure, cognito, google };

struct SignInProvider {
  std::string id;
  std::string account_id;  // empty: the server's
  bool saml = false;
  ProviderKind kind = ProviderKind::generic;
  std::string identifier;  // also the name of its identities
  std::string name;
  std::string issuer;
  std::string client_id;
  std::vector<std::string> client_ids;  // further audiences of its tokens
  std::string client_secret;            // empty: a public client
  std::vector<std::string> scopes;
  std::vector<std::string> domains;  // lower case; empty: it may vouch for every address
  std::string role_claim;
  std::string saml_json;  // entityId, ssoUrl, certificates, mapping
};

// `by`: identifier (of the server's own), id or domain. nullopt: none that is enabled.
Task<std::optional<SignInProvider>> find_provider(edge::Call call, std::string by,
                                                  std::string value);
// The server's OpenID Connect provider that `provider=` names; validation_failed without one.
Task<SignInProvider> find_oidc_provider(edge::Call call, std::string name);
// Of the JSON that SQL returns. Empty text: nullopt.
std::optional<SignInProvider> provider_of(edge::Context& context, std::string_view json);

// Whether the provider may vouch for an address: its domain is one of the provider's, or there are
// none.
bool vouches_for(const SignInProvider& provider, std::string_view email);

// What a client secret is sealed for (secret/secrets.h): the provider itself.
constexpr std::string_view kProviderSecretPlace = "sign_in_providers.sealed";

}  // namespace chatpad::functions

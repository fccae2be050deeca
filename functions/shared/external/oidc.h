// The way to an OpenID Connect provider and back (OpenID Connect Core 1.0, code flow; RFC 7636,
// RFC 9207): where to send a browser, and who it is that comes back.
//
//   std::string url = authorization_url(config, doc, provider, secrets, extras);
//   Vouched who = co_await redeem_at_provider(&context, provider, secrets, code, issuer);
//   Vouched who = co_await read_id_token(&context, provider, token);   // without a flow
//
// Every flow sends state, nonce and an S256 challenge. An ID token counts when its signature, its
// issuer, audience, times and nonce do (wire/id_token.h); userinfo is asked only when the token
// names no address.
//
// Errors: bad_oauth_callback (the provider refused the code, or answered with something else),
// bad_jwt, unexpected_audience, email_address_not_authorized, and those of discovery.h.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "functions/shared/external/discovery.h"
#include "functions/shared/external/oidc_person.h"
#include "functions/shared/external/sign_in_flow.h"

namespace chatpad::functions {

constexpr uint64_t kTokenFetchMs = 8'000;
constexpr size_t kTokenAnswerBytesMax = 256 * 1024;

struct Vouched {
  OidcPerson person;
  std::string access_token;   // of the provider, for its own API
  std::string refresh_token;  // may be empty
};

// What a client may say to the provider by way of us.
struct AuthorizeExtras {
  std::vector<std::string> scopes;  // besides the provider's
  std::vector<std::pair<std::string, std::string>> parameters;
};
// Of the query of a request: `scopes`, `prompt`, `login_hint`, `hd` and the like.
AuthorizeExtras read_extras(const edge::Call& call);

// The redirect URI to register at the provider. A provider of an account has one of its own, so
// that a code of somebody else's provider never arrives under a flow of it (mix-up, RFC 9700, 4.4).
std::string callback_url(const Config& config, const SignInProvider& provider);
std::string authorization_url(const Config& config, const Discovery& doc,
                              const SignInProvider& provider, const FlowSecrets& secrets,
                              const AuthorizeExtras& extras);

// `issuer`: the callback's `iss`, if it had one (RFC 9207): another issuer's code is not redeemed.
// Of an issuer for every tenant ("{tenantid}") it has to be one of its tenants, and the token of
// the same.
Task<Vouched> redeem_at_provider(edge::Context* context, SignInProvider provider,
                                 FlowSecrets secrets, std::string code,
                                 std::optional<std::string> issuer);

struct IdTokenInput {
  std::string id_token;
  std::string access_token;  // may be empty
  std::string nonce;         // what the token's nonce has to be; empty: none
};
Task<Vouched> read_id_token(edge::Context* context, SignInProvider provider, IdTokenInput input);

}  // namespace chatpad::functions

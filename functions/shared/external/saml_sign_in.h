// A sign-in through SAML: the request out, the response in. Parsing and signatures are a worker's
// job (functions/shared/saml); nothing of an assertion is looked at on the loop.
//
//   std::string url = saml_departure(config, provider, secrets);
//   Reply reply = co_await take_saml_response(call);          // POST of the response
//
// An address counts as vouched for when it is within the provider's domains, of which a SAML
// provider has at least one. An assertion is taken once, whatever flow it comes with.
//
// Errors: bad_saml_response, saml_assertion_no_user_id, email_address_not_authorized, overloaded.
#pragma once

#include <string>

#include "functions/shared/external/oidc_person.h"
#include "functions/shared/external/sign_in_flow.h"
#include "functions/shared/saml/response.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

constexpr size_t kSamlResponseBytesMax = 384 * 1024;  // as base64

std::string saml_departure(const Config& config, const SignInProvider& provider,
                           const FlowSecrets& secrets);

// What every endpoint that takes responses does: the browser goes on, whatever came of it.
Task<edge::Reply> take_saml_response(edge::Call call);

// Whom an assertion of this provider is about. Pure.
Result<OidcPerson> saml_person(const SignInProvider& provider, const saml::SamlPerson& who);

}  // namespace chatpad::functions

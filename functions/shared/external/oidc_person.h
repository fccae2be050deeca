// What a provider's claims say about a person, in the shapes that providers have.
//
// When an address counts as verified:
//   generic, okta, auth0   `email_verified` is true
//   cognito                the same, also as the text "true"; only of a token with token_use "id"
//   google                 the same; where domains are set, `hd` has to be one of them: an address
//                          alone does not make somebody a member of that organisation
//   azure                  never by the address alone, which an Azure tenant may set at will:
//                          `xms_edov` says so, or it is a personal account, or the issuer is one
//                          tenant whose domains were listed
//
// Pure. Errors: bad_oauth_callback for claims of another shape, email_address_not_authorized for
// somebody outside of the provider's domains.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/account/identity.h"
#include "functions/shared/external/provider.h"

namespace chatpad::functions {

constexpr size_t kGroupsMax = 200;

struct OidcPerson {
  ExternalIdentity identity;
};

// `userinfo`: what the issuer's userinfo endpoint said of the same subject, or empty.
Result<OidcPerson> read_person(const SignInProvider& provider, std::string_view claims,
                               std::string_view userinfo);

// Whether the ID token alone says enough.
bool needs_userinfo(std::string_view claims);

}  // namespace chatpad::functions

// The user an outside provider (OpenID Connect, SAML) vouches for. Call it with what the provider
// signed, after it was verified: nothing here looks at a signature.
//
//   ExternalIdentity who;  who.provider = "okta"; who.provider_id = claims.sub; ...
//   std::string user_id = co_await user_of_identity(call, std::move(who));
//   std::string body = co_await open_session(call, user_id, "oauth");
//
// (provider, provider_id) decides alone when it is known. Otherwise a *verified* address finds the
// user, or makes one, within the sign-up policy. Errors: provider_email_needs_verification (no
// address, or one nobody verified), validation_failed (an empty provider_id), signup_disabled,
// email_address_not_authorized, email_not_proven. A provider of an account knows only people of its
// own, who become members of that account: forbidden when they were taken out of its team.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

enum class Verified : uint8_t { no, yes };

struct ExternalIdentity {
  std::string provider;     // "google", "sso:<id>", ...; never "email"
  std::string provider_id;  // the person's id there
  std::string email;
  Verified email_verified = Verified::no;
  std::string data_json = "{}";     // what the provider says of them: identity_data, user_metadata
  bool sso = false;                 // the person belongs to an organisation's directory
  std::string account_id;           // whose provider it is; empty: the server's
  std::vector<std::string> groups;  // decide the role in that account
};

// What api.auth_identity_user and api.auth_link_identity take.
std::string identity_json(const Config& config, const ExternalIdentity& identity);

Task<std::string> user_of_identity(edge::Call call, ExternalIdentity identity);

}  // namespace chatpad::functions

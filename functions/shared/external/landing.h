// The end of a sign-in through a provider: the browser goes on to the page the client asked for,
// with a session, a PKCE code, or what went wrong.
//
//   co_return co_await land(call, flow, vouched);
//   co_return landed_wrong(call, page, error);
//
// An identity is linked instead of signed in when the flow says so. With PKCE that happens when the
// code is redeemed: whoever was lured through somebody else's link to a provider has no verifier,
// so nothing of theirs is linked.
//
// Errors: those of identity.h, identity_already_exists, user_banned, flow_state_not_found.
#pragma once

#include <string>

#include "functions/shared/account/flow.h"
#include "functions/shared/account/session.h"
#include "functions/shared/external/oidc.h"
#include "functions/shared/external/sign_in_flow.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

Task<edge::Reply> land(edge::Call call, TakenFlow flow, Vouched who);
// error, error_code and error_description, as Supabase's clients read them; the log says why.
edge::Reply landed_wrong(const edge::Call& call, const std::string& page, const Error& error);

// The provider's own tokens out of a redeemed flow, into the session's answer.
void add_provider_tokens(const edge::Context& context, const RedeemedFlow& redeemed,
                         IssuedSession& session);

// Whether the caller may link an identity: insufficient_aal without the second factor they have,
// forbidden for people of an organisation's directory.
Task<void> require_may_link(edge::Call call);
// Links the identity to a person who is signed in. Raises identity_already_exists.
Task<void> link_identity(edge::Call call, std::string user_id, ExternalIdentity identity);

}  // namespace chatpad::functions

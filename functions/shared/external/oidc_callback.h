// The browser comes back from an OpenID Connect provider, at the server's address or at that of one
// provider of an account. It goes on to the page that the sign-in was begun for, whatever came of
// it; to the site's when nobody began it.
//
//   Reply reply = co_await take_callback(call, "");            // a provider of the server
//   Reply reply = co_await take_callback(call, provider_id);   // of an account
//
// A flow is taken at its own provider's address only: a code that another issuer gave out for a
// foreign state is redeemed nowhere.
#pragma once

#include <string>

#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

Task<edge::Reply> take_callback(edge::Call call, std::string provider_id);

// For a provider that posts a form (response_mode=form_post): on to the same address as a link,
// with which a browser sends our cookie along.
edge::Reply take_callback_form(const edge::Call& call, const std::string& provider_id);

}  // namespace chatpad::functions

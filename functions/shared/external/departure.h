// The beginning of a sign-in through a provider: a flow, and where the browser has to go.
//
//   Departure to = co_await depart(call, provider, start, extras, BeginsIn::browser);
//   Departure to = co_await departure_url(call, provider, start, extras);      // for a script
//
// Errors: those of discovery.h when the provider does not say where to go.
#pragma once

#include <optional>
#include <string>

#include "functions/shared/external/oidc.h"
#include "functions/shared/external/sign_in_flow.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

struct Departure {
  std::string url;
  std::string cookie;  // a Set-Cookie value; empty: none belongs to it
};
// Who is answered: the browser that goes to the provider, which keeps the flow's cookie, or a
// script that sends one there.
enum class BeginsIn : uint8_t { browser, script };
// `start` needs redirect_to, challenge and whom it links to; the rest is filled in here.
Task<Departure> depart(edge::Call call, SignInProvider provider, FlowStart start,
                       AuthorizeExtras extras, BeginsIn where);
// For a script: to the provider at once when it has a PKCE verifier, else by way of a link of ours,
// with a cookie of `start.browser` if that is set.
Task<Departure> departure_url(edge::Call call, SignInProvider provider, FlowStart start,
                              AuthorizeExtras extras);

// The client's challenge and page out of a query: code_challenge, code_challenge_method,
// redirect_to.
FlowStart read_start(const edge::Call& call);

// 302 to it, or {"url"} for a client that goes there itself (skip_http_redirect).
edge::Reply departure_reply(const Departure& to, bool as_json);

}  // namespace chatpad::functions

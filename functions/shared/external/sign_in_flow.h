// A sign-in on its way to a provider and back (auth.sign_in_flows).
//
//   FlowStart start;  start.provider_id = provider.id;  start.redirect_to = ...;
//   const FlowSecrets secrets = co_await begin_flow(call, start);      // out with secrets.state
//   const TakenFlow flow = co_await take_flow(call, state);            // it came back, once
//
// The state is 192 random bits; nonce, PKCE verifier and the id of a SAML request follow from it
// under a key of the program, so that the database holds none of them. A flow lives ten minutes and
// is used up by whoever brings its state first.
//
// It belongs to one browser. A flow that begins in the browser gives it a cookie, which has to come
// back with the state. A script cannot set cookies for another site: one with PKCE proves by its
// verifier that it is the same client, one without is sent to `start_link` first (kBeginS), where
// the flow begins in the browser itself.
//
// Errors of take_flow: bad_oauth_state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "functions/shared/account/flow.h"
#include "functions/shared/external/provider.h"
#include "runtime/base/config.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

constexpr int kFlowS = 600;
constexpr int kBeginS = 60;

struct FlowSecrets {
  std::string state;
  std::string nonce;
  std::string verifier;    // RFC 7636, towards the provider
  std::string request_id;  // of a SAML AuthnRequest
};
FlowSecrets flow_secrets(const Config& config, std::string state);

struct FlowStart {
  std::string provider_id;
  std::string redirect_to;
  std::optional<Challenge> challenge;  // the client's own PKCE
  std::string method = "oauth";        // what the session's amr will say
  std::string link_user_id;            // empty: a sign-in
  std::string address;                 // empty: from anywhere
  std::string browser;                 // the cookie's value; empty: none
};
Task<FlowSecrets> begin_flow(edge::Call call, FlowStart start);
// The same for a client without PKCE that is no browser at this moment: a link that begins it.
struct StartLink {
  std::string url;
  std::string cookie;  // a Set-Cookie value; empty: `start` has no `browser`
};
Task<StartLink> start_link(edge::Call call, FlowStart start);

struct TakenFlow {
  std::optional<SignInProvider> provider;  // nullopt: it was disabled meanwhile
  FlowSecrets secrets;
  std::string flow_id;  // of the client's PKCE; empty: the session goes into the fragment
  std::string link_user_id;
  std::string address;
  std::string redirect_to;
  std::string browser_hash;  // hex; empty: no cookie belongs to it
  bool expired = false;
};
// nullopt: nobody began it, or it is used up. Expiry and browser are the caller's question:
// require_own().
Task<std::optional<TakenFlow>> take_flow(edge::Call call, std::string state);
Task<std::optional<TakenFlow>> take_start_link(edge::Call call, std::string handle);

// Raises bad_oauth_state unless the flow is in time, its provider is still there, and the request
// comes from the browser it belongs to.
void require_own(const edge::Call& call, const TakenFlow& flow);

// The cookie of a flow. `cross_site`: it has to come back with a form that another site posts.
enum class ComesBack : uint8_t { by_link, cross_site };
std::string flow_cookie(const Config& config, const FlowSecrets& secrets, std::string_view browser,
                        ComesBack how);

}  // namespace chatpad::functions

#include "functions/shared/external/departure.h"

#include "functions/shared/account/one_time.h"
#include "functions/shared/account/redirect.h"
#include "functions/shared/account/rules.h"
#include "functions/shared/external/saml_sign_in.h"
#include "runtime/edge/context.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

Task<Departure> depart(edge::Call call, SignInProvider provider, FlowStart start,
                       AuthorizeExtras extras, BeginsIn where) {
  const Config& config = call.context().config();
  Discovery doc;
  if (!provider.saml) {
    OidcDirectory& directory = call.context().local<OidcDirectory>();
    doc = co_await directory.discovery(provider.issuer, provider.kind);
  }
  start.provider_id = provider.id;
  start.method = provider.saml ? "sso/saml" : "oauth";
  if (!start.challenge || where == BeginsIn::browser) start.browser = random_token();
  const std::string browser = start.browser;
  const FlowSecrets secrets = co_await begin_flow(call, std::move(start));
  Departure to;
  to.url = provider.saml ? saml_departure(config, provider, secrets)
                         : authorization_url(config, doc, provider, secrets, extras);
  if (!browser.empty()) {
    to.cookie = flow_cookie(config, secrets, browser,
                            provider.saml ? ComesBack::cross_site : ComesBack::by_link);
  }
  co_return to;
}

Task<Departure> departure_url(edge::Call call, SignInProvider provider, FlowStart start,
                              AuthorizeExtras extras) {
  Departure to;
  if (start.challenge) {
    to = co_await depart(call, std::move(provider), std::move(start), std::move(extras),
                         BeginsIn::script);
    co_return to;
  }
  start.provider_id = provider.id;
  StartLink link = co_await start_link(call, std::move(start));
  to.url = std::move(link.url);
  to.cookie = std::move(link.cookie);
  co_return to;
}

FlowStart read_start(const edge::Call& call) {
  FlowStart start;
  start.challenge = make_challenge(call.query("code_challenge").value_or(""),
                                   call.query("code_challenge_method").value_or(""));
  start.redirect_to = allowed_redirect(call.context().config(), call.query("redirect_to"));
  return start;
}

edge::Reply departure_reply(const Departure& to, bool as_json) {
  edge::Reply reply = redirect(to.url);
  reply.status = 302;
  if (as_json) {
    wire::JsonWriter out;
    out.object().field("url", to.url).end();
    reply = edge::ok(std::move(out).str());
  }
  if (!to.cookie.empty()) reply.header("Set-Cookie", to.cookie);
  return reply;
}

}  // namespace chatpad::functions

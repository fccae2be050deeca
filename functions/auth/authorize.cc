// GET /auth/v1/authorize?provider=...&redirect_to=...&code_challenge=...: sends the browser to a
// provider of the server to sign in there. `flow=...` instead: a sign-in that a script asked for
// (/sso, /user/identities/authorize) begins here, in the browser it is for.
#include "functions/shared/external/departure.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::authorize {
using namespace chatpad::edge;

Task<Reply> by_link(Call call, std::string handle) {
  std::optional<TakenFlow> flow = co_await take_start_link(call, std::move(handle));
  if (!flow) raise(Errc::bad_oauth_state);
  require_own(call, *flow);
  FlowStart start;
  start.redirect_to = flow->redirect_to;
  start.link_user_id = flow->link_user_id;
  AuthorizeExtras none;
  const Departure to =
      co_await depart(call, *flow->provider, std::move(start), std::move(none), BeginsIn::browser);
  co_return departure_reply(to, false);
}

Task<Reply> by_name(Call call) {
  FlowStart start = read_start(call);
  AuthorizeExtras extras = read_extras(call);
  std::string name = call.query("provider").value_or("");
  SignInProvider provider = co_await find_oidc_provider(call, std::move(name));
  const bool as_json = call.query("skip_http_redirect") == "true";
  const BeginsIn where = as_json ? BeginsIn::script : BeginsIn::browser;
  const Departure to =
      co_await depart(call, std::move(provider), std::move(start), std::move(extras), where);
  co_return departure_reply(to, as_json);
}

Task<Reply> handle(Call call) {
  std::string handle = call.query("flow").value_or("");
  Reply reply;
  if (handle.empty()) {
    reply = co_await by_name(call);
  } else {
    reply = co_await by_link(call, std::move(handle));
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/authorize",
          .auth = Auth::anyone,
          .rate = per_address(60, 60),
          .deadline_ms = 15'000,
          .summary = "Go to a provider to sign in there",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::authorize

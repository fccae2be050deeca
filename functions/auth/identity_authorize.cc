// GET /auth/v1/user/identities/authorize?provider=...: where to go to link an identity of that
// provider to the signed-in person.
#include "functions/shared/account/one_time.h"
#include "functions/shared/external/departure.h"
#include "functions/shared/external/landing.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/own_origin.h"

namespace chatpad::functions::auth::identity_authorize {
using namespace chatpad::edge;

// Without a verifier a cookie says that the browser is the one that asked. A page of another origin
// cannot be given one, so that nobody is sent along a link that somebody else asked for.
void bind_to_browser(const Call& call, FlowStart& start) {
  const std::string_view origin = call.origin();
  if (!origin.empty() && !wire::is_own_origin(origin, call.context().config().public_url)) {
    raise(Errc::validation_failed,
          PublicText("Linking an identity from a page of another origin needs a client with "
                     "flowType: 'pkce'."));
  }
  start.address = call.client_address();
  start.browser = random_token();
}

Task<Reply> handle(Call call) {
  FlowStart start = read_start(call);
  AuthorizeExtras extras = read_extras(call);
  std::string name = call.query("provider").value_or("");
  co_await require_may_link(call);
  SignInProvider provider = co_await find_oidc_provider(call, std::move(name));
  start.link_user_id = call.caller().subject;
  if (!start.challenge) bind_to_browser(call, start);
  const Departure to =
      co_await departure_url(call, std::move(provider), std::move(start), std::move(extras));
  co_return departure_reply(to, call.query("skip_http_redirect") == "true");
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/user/identities/authorize",
          .auth = Auth::user,
          .rate = per_caller(30, 60),
          .deadline_ms = 15'000,
          .summary = "Where to go to link another identity",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::identity_authorize

// GET /auth/v1/settings: the ways to sign in that this server has.
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::auth::settings {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const AuthSettings& auth = call.context().config().auth;
  wire::JsonWriter out;
  out.object()
      .object("external")
      .field("anonymous_users", auth.anonymous)
      .field("email", true)
      .field("phone", false)
      .end()
      .field("disable_signup", auth.sign_up == SignUp::invite)
      .field("mailer_autoconfirm", auth.autoconfirm)
      .field("phone_autoconfirm", false)
      .field("sms_provider", "")
      .field("saml_enabled", false)
      .end();
  co_return ok(std::move(out).str());
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/settings",
          .auth = Auth::anyone,
          .rate = per_address(100, 10),
          .summary = "The ways to sign in",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::settings

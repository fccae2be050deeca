// GET /auth/v1/settings: the ways to sign in that this server has. `external` names its providers,
// as Supabase has it; `providers` has what a page shows of them.
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::auth::settings {
using namespace chatpad::edge;

constexpr size_t kProvidersMax = 100;
constexpr pg::Statement kOffers{"sign_in_offers", "select api.sign_in_offers()"};

Task<Reply> handle(Call call) {
  const AuthSettings& auth = call.context().config().auth;
  const std::string text = co_await call.service().json(kOffers, pg::Params());
  const wire::Fields offers = wire::Fields::parse(text).or_raise();
  wire::JsonWriter out;
  out.object()
      .object("external")
      .field("anonymous_users", auth.anonymous)
      .field("email", true)
      .field("phone", false);
  for (const wire::Fields& one : offers.object_list("providers", kProvidersMax)) {
    out.field(one.string("provider", 1, 63), true);
  }
  out.end()
      .field("disable_signup", auth.sign_up == SignUp::invite)
      .field("mailer_autoconfirm", auth.autoconfirm)
      .field("phone_autoconfirm", false)
      .field("sms_provider", "")
      .field("saml_enabled", true)
      .field("sso_enabled", offers.boolean("sso", false))
      .raw_field("providers", offers.optional_array_text("providers", 64_KiB).value_or("[]"))
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

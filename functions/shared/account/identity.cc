#include "functions/shared/account/identity.h"

#include "functions/shared/account/rules.h"
#include "runtime/edge/context.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kUser{"auth_identity_user",
                              "select r->>'userId' from api.auth_identity_user($1) r"};

}  // namespace

Task<std::string> user_of_identity(edge::Call call, ExternalIdentity identity) {
  wire::JsonWriter p;
  p.object()
      .field("provider", identity.provider)
      .field("providerId", identity.provider_id)
      .field("email", identity.email)
      .field("emailVerified", identity.email_verified == Verified::yes)
      .field("sso", identity.sso)
      .raw_field("data", identity.data_json)
      .raw_field("rules", rules_json(call.context().config()))
      .end();
  pg::Params params(std::move(p).str());
  pg::Rows rows = co_await call.service().rows(kUser, std::move(params));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::internal);
  co_return rows.str(0, 0);
}

}  // namespace chatpad::functions

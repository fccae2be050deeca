#include "functions/shared/account/identity.h"

#include "functions/shared/account/rules.h"
#include "runtime/edge/context.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kUser{"auth_identity_user",
                              "select r->>'userId' from api.auth_identity_user($1) r"};

}  // namespace

std::string identity_json(const Config& config, const ExternalIdentity& identity) {
  wire::JsonWriter p;
  p.object()
      .field("provider", identity.provider)
      .field("providerId", identity.provider_id)
      .field("email", identity.email)
      .field("emailVerified", identity.email_verified == Verified::yes)
      .field("sso", identity.sso)
      .raw_field("data", identity.data_json)
      .raw_field("rules", rules_json(config))
      .field("ofAccount", !identity.account_id.empty())
      .array("groups");
  for (const std::string& group : identity.groups) p.value(group);
  p.end().end();
  return std::move(p).str();
}

Task<std::string> user_of_identity(edge::Call call, ExternalIdentity identity) {
  pg::Params params(identity_json(call.context().config(), identity));
  pg::Rows rows = co_await call.service().rows(kUser, std::move(params));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::internal);
  co_return rows.str(0, 0);
}

}  // namespace chatpad::functions

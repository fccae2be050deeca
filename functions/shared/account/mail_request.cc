#include "functions/shared/account/mail_request.h"

#include "functions/shared/account/rules.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

wire::JsonWriter mail_request(const edge::Call& call, std::string_view email,
                              const std::optional<Challenge>& challenge) {
  return mail_request(call, email, challenge, new_one_time());
}

wire::JsonWriter mail_request(const edge::Call& call, std::string_view email,
                              const std::optional<Challenge>& challenge, const OneTime& once) {
  const Config& config = call.context().config();
  const std::string redirect_to = allowed_redirect(config, call.query("redirect_to"));
  wire::JsonWriter p;
  p.object()
      .field("email", email)
      .field("redirectTo", redirect_to)
      .raw_field("flow", flow_json(challenge))
      .raw_field("once", once_json(config, once, redirect_to))
      .raw_field("rules", rules_json(config));
  return p;
}

std::string required_email(const wire::Fields& fields) {
  if (!fields.has("email") && fields.has("phone")) raise(Errc::phone_provider_disabled);
  return fields.email("email");
}

}  // namespace chatpad::functions

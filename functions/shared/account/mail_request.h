// What an endpoint that makes a mail tells SQL: one object, the parameter `p` of api.auth_otp,
// auth_recover, auth_resend, ... Each mail gets a fresh token and fresh digits.
//
//   wire::JsonWriter p = mail_request(call, email, challenge);   // open: add members of your own
//   p.field("create", true).end();
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "functions/shared/account/flow.h"
#include "functions/shared/account/one_time.h"
#include "runtime/edge/call.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

// {"email","redirectTo","flow","once","rules"}, not closed. `redirect_to` is a query parameter.
wire::JsonWriter mail_request(const edge::Call& call, std::string_view email,
                              const std::optional<Challenge>& challenge);
wire::JsonWriter mail_request(const edge::Call& call, std::string_view email,
                              const std::optional<Challenge>& challenge, const OneTime& once);

// Raises phone_provider_disabled when the body has a phone number instead of an address.
std::string required_email(const wire::Fields& fields);

}  // namespace chatpad::functions

// Using up the token or the code of a mail (api.auth_verify). The address counts as confirmed, a
// changed one as changed; opening the session is the caller's next step.
#pragma once

#include <string>
#include <string_view>

#include "functions/shared/account/flow.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

struct Verification {
  enum class Outcome : uint8_t {
    expired,  // wrong, used, replaced or past its time
    banned,
    half,  // the other of two addresses has to confirm as well
    verified,
  };
  Outcome outcome = Outcome::expired;
  std::string user_id;
  std::string redirect_to;
  std::string flow_id;  // empty: begun without a challenge
};

constexpr std::string_view kHalfConfirmed =
    "Confirmation link accepted. Please proceed to confirm link sent to the other email";

Task<Verification> verify_link(edge::Call call, std::string type, std::string token);
Task<Verification> verify_code(edge::Call call, std::string type, std::string email,
                               std::string code);

}  // namespace chatpad::functions

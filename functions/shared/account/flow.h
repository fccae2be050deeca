// PKCE (RFC 7636): a client that asked with a challenge gets a code instead of tokens in a URL, and
// redeems it with the verifier that only it knows.
//
//   std::optional<Challenge> challenge = read_challenge(fields);      // of the first request
//   p.raw_field("flow", flow_json(challenge));                        // SQL begins the flow
//   std::string code = co_await issue_code(call, flow_id, user_id);   // the person is known
//   RedeemedFlow redeemed = co_await redeem_code(call, code, verifier);
//
// Codes are random, kept as SHA-256, good once and for five minutes; a wrong verifier uses them up.
// Errors of redeem_code: flow_state_not_found, flow_state_expired, bad_code_verifier.
#pragma once

#include <optional>
#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

struct Challenge {
  std::string text;
  std::string method;  // s256 or plain
};

// code_challenge and code_challenge_method, both or none. Raises validation_failed.
std::optional<Challenge> read_challenge(const wire::Fields& fields);
std::optional<Challenge> make_challenge(std::string text, std::string method);
// The member `flow` of what api.auth_* functions take.
std::string flow_json(const std::optional<Challenge>& challenge);

Task<std::string> issue_code(edge::Call call, std::string flow_id, std::string user_id);

struct RedeemedFlow {
  std::string user_id;
  std::string method;  // how the person signed in: email/signup, magiclink, recovery, oauth, ...
  std::string provider_tokens;  // sealed (external/landing.h); empty: there are none
};
Task<RedeemedFlow> redeem_code(edge::Call call, std::string code, std::string verifier);

}  // namespace chatpad::functions

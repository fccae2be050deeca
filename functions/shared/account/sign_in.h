// The steps that every way of signing in shares: hash or check a password off the loop, then open a
// session for the user who was found. What proved who they are is the endpoint's business; it names
// it as `method`, which becomes the session's and the token's `amr`:
// password, otp, anonymous, oauth, sso/saml, ...
//
//   std::string body = co_await open_session(call, user_id, "password");
//   co_return ok(std::move(body));
//
// A user of an outside provider is found or made by identity.h.
#pragma once

#include <string>

#include "functions/shared/account/session.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

// Hashing in the worker pool; overloaded when it is full.
Task<std::string> hash_off_loop(edge::Call call, std::string password);
Task<bool> verify_off_loop(edge::Call call, std::string password, std::string hash);

// A new session of the user. Raises user_banned, and not_found when there is no such user.
Task<SessionParts> start_session(edge::Call call, std::string user_id, std::string method);
// The same as the document that auth-js expects: the body of an answer.
Task<std::string> open_session(edge::Call call, std::string user_id, std::string method);

}  // namespace chatpad::functions

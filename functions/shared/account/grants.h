// The two grants that /auth/v1/token (Supabase) and /auth/token (RFC 6749) share: an address with
// its password, and a refresh token. Each ends in a session or raises: invalid_credentials,
// user_banned, email_not_confirmed; refresh_token_not_found, refresh_token_already_used,
// session_expired.
#pragma once

#include <string>

#include "functions/shared/account/session.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

// Who the address and the password are of; every refusal takes the time of a comparison.
Task<std::string> user_of_password(edge::Call call, std::string email, std::string password);

// The token is replaced; session.h says what a reused one gets.
Task<SessionParts> refreshed_session(edge::Call call, std::string refresh_token);

}  // namespace chatpad::functions

// POST /auth/v1/token?grant_type=id_token: an app got an ID token from a provider of the server by
// itself (a phone's own sign-in sheet) and brings it here. `nonce`: what was hashed (SHA-256, hex)
// into the token; both are there or none. `link_identity`: to the person who is signed in.
//
// Errors: validation_failed for a provider that is not there, and those of oidc.h and landing.h.
#pragma once

#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

// The session's document: the body of the answer.
Task<std::string> sign_in_with_id_token(edge::Call call);

}  // namespace chatpad::functions

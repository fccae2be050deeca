// The steps that sign-up and sign-in share.
#pragma once

#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

// Hashing in the worker pool; overloaded when it is full.
Task<std::string> hash_off_loop(edge::Call call, std::string password);
Task<bool> verify_off_loop(edge::Call call, std::string password, std::string hash);

// A new session of the user: the session document that auth-js expects.
Task<std::string> open_session(edge::Call call, std::string user_id);

}  // namespace chatpad::functions

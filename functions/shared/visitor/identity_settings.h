// What people of role admin are shown of an agent's verified identity.
#pragma once

#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

// {"secret","previousValidUntil","required"} of the only row (version, previous_until, required)
// that the statement, run as the caller, gives.
Task<edge::Reply> identity_settings(edge::Call call, Uuid agent, pg::Statement statement,
                                    pg::Params params);

}  // namespace chatpad::functions

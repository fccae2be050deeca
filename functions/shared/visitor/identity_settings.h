// What people of role admin are shown of an agent's verified identity.
#pragma once

#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

// {"secret","previousValidUntil","required"} of the only row (version, previous_until, required).
edge::Reply identity_settings(const edge::Call& call, const Uuid& agent, const pg::Rows& rows);

}  // namespace chatpad::functions

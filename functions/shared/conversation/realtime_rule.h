// What clients may broadcast on ChatPad's own topics. The hub asks this for every client broadcast.
//
// On conversation topics: only `typing`, and the server says who types. On account and agent
// topics: nothing. The names of our own events are refused everywhere, so that nobody can fake one.
// Other topics belong to the applications that use them and pass unchanged.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/edge/caller.h"

namespace chatpad::functions {

Result<std::string> client_broadcast(const edge::Caller& caller, std::string_view topic,
                                     std::string_view event, std::string_view payload_json);

}  // namespace chatpad::functions

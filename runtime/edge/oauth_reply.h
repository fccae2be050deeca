// Errors of the token endpoint of OAuth 2, as RFC 6749 (5.2) words them: {"error",
// "error_description"} with a closed list of words, and "code", ours. Where the client did not
// prove who it is: 401, and Basic as a way to.
#pragma once

#include <string_view>

#include "runtime/base/error.h"
#include "runtime/edge/reply.h"

namespace chatpad::edge {

// Its client's credential is its own business: the dispatch reads none for it.
constexpr std::string_view kTokenEndpoint = "/auth/token";

Reply oauth_error_reply(const Error& error);

}  // namespace chatpad::edge

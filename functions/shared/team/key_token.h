// A token that an API key is exchanged for (OAuth 2, client_credentials): it acts as the key does
// for kKeyTokenS seconds, with all of its scopes or fewer, and ends with the secret it was made
// with. Errors: invalid_api_key (unknown, revoked, another id or account than named),
// insufficient_scope.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/uuid.h"
#include "runtime/coro/task.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

constexpr int kKeyTokenS = 900;

struct KeyTokenRequest {
  std::string key;
  std::string key_id;                // empty: not named
  std::optional<Uuid> account;       // nullopt: not named
  std::optional<std::string> scope;  // with blanks between; nullopt: all
};
// The answer of RFC 6749, 5.1.
Task<std::string> exchange_key(edge::Call call, KeyTokenRequest request);

}  // namespace chatpad::functions

// Keys of an account for services that are asked on its behalf.
//
//   std::optional<std::string> key = co_await own_key(&context, owner, "openai.api_key");
//
// They are secrets of the account (secrets.h). nullopt: it has none of this name, so that the
// server's key counts. Errors: those of read_secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

// Whether the account has secrets at all, as far as is known; `none` saves asking for one.
enum class OwnKeys : uint8_t { none, maybe };

struct KeyOwner {
  KeyOwner(std::string account, OwnKeys keys) : account_id(std::move(account)), own_keys(keys) {}
  std::string account_id;
  OwnKeys own_keys;
};

Task<std::optional<std::string>> own_key(edge::Context* context, KeyOwner owner, std::string name);

}  // namespace chatpad::functions

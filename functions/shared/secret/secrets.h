// Secrets of accounts: how functions store, read and seal them. One Secrets per loop:
//
//   Secrets& secrets = call.context().local<Secrets>();
//   std::optional<std::string> key = co_await read_secret(&call.context(), account,
//   "openai.api_key");
//
// A provider key or a channel token is a named secret of an account: store_secret() and
// read_secret(), or the person stores it through POST /functions/v1/set-secret and the function
// only reads. A secret that belongs into a row of its own (a factor of a person) is sealed with
// seal() for its owner and place and opened with open(); its table then needs a branch in
// sql/objects/api/sealing_rotation.sql, and whoever stores it asks private.sealed_with_current().
//
// What is opened goes to where it is used and nowhere else: no log, no error, no reply. The keys
// come from the home (docs/config.md, CHATPAD_SECRET_KEY) and are read again when a text names a
// key that is not known yet, which is what a rotation on another program looks like.
//
// Errors: Errc::internal when no key opens a text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/edge/context.h"
#include "runtime/wire/sealed.h"

namespace chatpad::functions {

constexpr size_t kSecretCharsMax = 8192;

class Secrets {
 public:
  explicit Secrets(edge::Context& context);

  std::string seal(const wire::SealedFor& target, std::string_view text) const {
    return keys_.seal(target, text);
  }
  Result<std::string> open(const wire::SealedFor& target, std::string_view sealed);
  // Reads the keys again: after SQL refused a text that was sealed with an older one.
  void read_keys();

 private:
  edge::Context& context_;
  wire::Keyring keys_;
};

// The last four characters of a secret, to recognise it by; empty when it is too short to show any.
std::string last4_of(std::string_view secret);

// Stores a named secret under `db`'s rights: call.db() of a person of role admin, call.service()
// for the program's own acts. Returns {"secret": {name, last4, createdAt, updatedAt}}.
Task<std::string> store_secret(edge::Context* context, edge::Db db, Uuid account, std::string name,
                               std::string secret);
// nullopt when the account has none of this name.
Task<std::optional<std::string>> read_secret(edge::Context* context, Uuid account,
                                             std::string name);

}  // namespace chatpad::functions

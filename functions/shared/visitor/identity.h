// Verified identity: a site vouches for its customer by signing the identifier it knows them by:
// identifierHash = HMAC-SHA-256(secret of the agent, identifier), in hex, made on the site's
// server. With groups ("staff,eu") the site vouches for these as well: then it signs the
// identifier, a line break, and the groups as they are sent.
//
// The secret follows from the program's own, the agent and a version (HKDF), so it is stored
// nowhere; people of role admin may see it. What the page says of the customer besides counts only
// with a good signature. Errors: docs/errors.md, identity_not_valid.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/uuid.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

constexpr size_t kIdentifierCharsMax = 250;
constexpr size_t kIdentityGroupsCharsMax = 2000;
constexpr size_t kIdentityNameCharsMax = 200;
constexpr size_t kIdentityPhoneCharsMax = 50;

// What the caller says of the visitor; without an identifier nobody is vouched for.
struct Identity {
  std::string identifier;
  std::string hash;
  std::optional<std::string> name;
  std::optional<std::string> email;
  std::optional<std::string> phone;
  std::optional<std::string> attributes;  // the JSON of an object; attributes.h
  std::string groups;                     // with commas between them
  static std::optional<Identity> read(const wire::Fields& fields);
};

// What the site signs.
std::string signed_text(const Identity& identity);

// As the site's server uses it: a text, whose characters are the key.
std::string identity_secret(const edge::Call& call, const Uuid& agent, int64_t version);

// True when `hash` is the text's under this secret. Takes the same time whatever differs.
bool identity_holds(std::string_view secret, std::string_view text, std::string_view hash);

struct Identified {
  Uuid visitor;
  std::optional<Uuid> conversation;  // their newest
};
// The visitor the identity stands for; what the anonymous `visitor` had becomes theirs. Raises
// identity_not_valid, origin_not_allowed, not_found.
Task<Identified> identify(edge::Call call, Uuid agent, std::optional<Uuid> visitor,
                          Identity identity);

}  // namespace chatpad::functions

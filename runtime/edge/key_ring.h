// KeyRing: everything that credentials are checked against without asking the database: the keys of
// tokens (wire/jwt.h) and the project's opaque keys (sb_publishable_..., sb_secret_...), which
// stand for the roles anon and service_role as Supabase's do.
//
// Immutable, and replaced as a whole when a key is made, rotated or revoked: runtime/key_store.h
// reads it and hands it to every loop. Holds hashes of project keys, never the keys. Shared by all
// loops.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "runtime/edge/caller.h"
#include "runtime/wire/jwt.h"

namespace chatpad::edge {

constexpr std::string_view kProjectKeyPrefix = "sb_";
constexpr size_t kProjectKeysMax = 64;  // valid at the same time

class KeyRing {
 public:
  explicit KeyRing(wire::JwtVerifier verifier, std::string jwks = R"({"keys":[]})")
      : verifier_(std::move(verifier)), jwks_(std::move(jwks)) {}

  // True when a key of `older` is none of ours any more: who came with it has to go.
  bool has_lost_one_of(const KeyRing& older) const;

  // `role` is anon or service_role. False when there are kProjectKeysMax already.
  bool add_project_key(std::string sha256_hex, pg::Role role);

  const wire::JwtVerifier& verifier() const { return verifier_; }
  // The public halves of the asymmetric keys (RFC 7517), ready to send.
  const std::string& jwks() const { return jwks_; }
  // Who sends this project key; nullopt when it is none of ours.
  std::optional<Caller> project_caller(std::string_view key) const;

 private:
  wire::JwtVerifier verifier_;
  std::string jwks_;
  std::unordered_map<std::string, pg::Role> project_keys_;  // by SHA-256 in hex
};

using KeyRingRef = std::shared_ptr<const KeyRing>;

}  // namespace chatpad::edge

#include "runtime/edge/key_ring.h"

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"

namespace chatpad::edge {

bool KeyRing::add_project_key(std::string sha256_hex, pg::Role role) {
  CHECK(role == pg::Role::anon || role == pg::Role::service_role,
        "a project key stands for anon or service_role");
  if (project_keys_.size() >= kProjectKeysMax) return false;
  project_keys_.insert_or_assign(std::move(sha256_hex), role);
  return true;
}

bool KeyRing::has_lost_one_of(const KeyRing& older) const {
  for (const std::string& id : older.verifier_.pair_ids()) {
    if (!verifier_.has_pair(id)) return true;
  }
  return std::any_of(older.project_keys_.begin(), older.project_keys_.end(),
                     [this](const auto& key) { return !project_keys_.contains(key.first); });
}

std::optional<Caller> KeyRing::project_caller(std::string_view key) const {
  const auto found = project_keys_.find(wire::sha256_hex(key));
  if (found == project_keys_.end()) return std::nullopt;
  Caller caller;
  const bool secret = found->second == pg::Role::service_role;
  caller.kind = secret ? CallerKind::service : CallerKind::anon;
  // The claims of the JWT that this key stands for.
  caller.claims = {found->second, secret ? R"({"iss":"chatpad","role":"service_role"})"
                                         : R"({"iss":"chatpad","role":"anon"})"};
  return caller;
}

}  // namespace chatpad::edge

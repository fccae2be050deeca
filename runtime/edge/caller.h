// Caller: who sends a request or joins a channel, as verified. Made only by Auth (auth.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/uuid.h"
#include "runtime/pg/types.h"

namespace chatpad::edge {

enum class CallerKind : uint8_t { anon, visitor, user, api_key, service };

struct Caller {
  CallerKind kind = CallerKind::anon;
  pg::Claims claims;                // what the database sees
  std::string subject;              // user, visitor or key id; empty for anon and service
  std::string display_name;         // a person's name for "who is typing"; may be empty
  std::optional<Uuid> agent_id;     // visitor
  std::optional<Uuid> account_id;   // visitor and api_key
  std::string origin;               // visitor: the origin its token is bound to
  std::vector<std::string> scopes;  // api_key
  uint32_t rate_per_min = 0;        // api_key: its own limit beside the endpoints'; 0: none
  std::string session_id;           // user
  bool second_factor_due = false;   // user: may only give it, or leave (/auth/v1)
  int64_t expires_at_s = 0;         // 0: does not expire
};

// Verifies a JWT (anon, service, person or visitor) without I/O. Errc::bad_jwt with a public text
// that says nothing about the reason beyond "expired" or "not valid".
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  virtual Result<Caller> verify(std::string_view token) const = 0;
};

}  // namespace chatpad::edge

// Authenticator: turns the credentials of a request into a Caller.
//
// Credentials, in this order: `Authorization: Bearer <JWT>` (person, visitor, anon or service key),
// an API key (`cp_...`) as Bearer or in `apikey`, then what `apikey` holds: a JWT or a project key
// (`sb_publishable_...`, `sb_secret_...`). "Bearer sb_..." carries no user, as in Supabase: it has
// to be the same as `apikey`, which decides. None at all is an anonymous caller; a credential that
// is present but wrong is refused, never ignored.
//
// JWTs and project keys are verified without I/O, against the key ring. API keys are looked up by
// their SHA-256 in the database and the answer is kept for a moment (key_cache.h), so that a
// revoked key stops working within a second.
// A token whose session is known to have ended is session_not_found (ended_sessions.h).
// Errors: bad_jwt, session_not_found, no_authorization (malformed header), invalid_api_key.
//
// One per loop; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/coro/task.h"
#include "runtime/edge/caller.h"
#include "runtime/edge/ended_sessions.h"
#include "runtime/edge/key_cache.h"
#include "runtime/edge/key_ring.h"
#include "runtime/edge/key_uses.h"
#include "runtime/http/server.h"
#include "runtime/pg/pool.h"
#include "runtime/wire/jwt_cache.h"

namespace chatpad::edge {

constexpr size_t kCredentialBytesMax = 8192;
constexpr int64_t kVisitorTokenS = 900;

struct Credentials {
  std::string_view token;    // JWT or sb_..., may be empty
  std::string_view api_key;  // cp_..., may be empty
};
Result<Credentials> credentials_of(const http::Request& request);
Result<Credentials> credentials_of(std::string_view authorization, std::string_view apikey);

// A secret project key that a browser sends was published with a page: Errc::invalid_api_key.
// Told by User-Agent, as Supabase tells.
Result<void> refuse_in_browser(const Caller& caller, std::string_view token,
                               std::string_view user_agent);

class Authenticator : public TokenVerifier {
 public:
  Authenticator(Loop& loop, pg::Pool& pool, KeyRingRef ring)
      : loop_(loop), pool_(pool), ring_(std::move(ring)), cache_(ring_->verifier()) {}

  // A JWT or a project key.
  Result<Caller> verify(std::string_view token) const override;
  // From now on by these keys; what was remembered by the ones before is forgotten. True when one
  // of those is gone.
  bool use(KeyRingRef ring);
  const KeyRing& ring() const { return *ring_; }
  // Called when a token names a key that the ring lacks: perhaps it is newer than the ring.
  void on_unknown_key(std::function<void()> fn) { unknown_key_ = std::move(fn); }

  void note(const SessionsEnded& ended) { ended_.note(ended, wall_s()); }
  // Of a person whose token was verified before.
  bool has_ended(const Caller& caller) const {
    return caller.kind == CallerKind::user && ended_.has(caller.session_id, caller.subject, 0);
  }
  // Every key that is accepted from then on is noted there.
  void attach(KeyUses* uses) { uses_ = uses; }
  void hear(const DurableEvent& event) { keys_.hear(event); }
  // A cached key, or nullptr: then look_up() is needed.
  const Caller* cached_key(std::string_view key);
  Task<Caller> look_up(std::string key);

  // A token for the visitor, valid kVisitorTokenS seconds and only from `origin`.
  std::string visitor_token(const Uuid& visitor, const Uuid& agent, const Uuid& account,
                            std::string_view origin, int64_t expires_at_s) const;
  // By the key that signs at present.
  std::string sign(std::string_view payload_json) const {
    return ring_->verifier().sign(payload_json);
  }

 private:
  Loop& loop_;
  pg::Pool& pool_;
  KeyRingRef ring_;
  mutable wire::JwtCache cache_;  // of ring_
  EndedSessions ended_;
  std::function<void()> unknown_key_;
  KeyCache keys_;
  KeyUses* uses_ = nullptr;
};

}  // namespace chatpad::edge

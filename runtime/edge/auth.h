// Authenticator: turns the credentials of a request into a Caller.
//
// Credentials, in this order: `Authorization: Bearer <JWT>` (person, visitor, anon or service key),
// an API key (`cp_...`) as Bearer or in `apikey`, then a JWT in `apikey`. "Bearer sb_..." carries
// no user, as in Supabase: `apikey` decides. None at all is an anonymous caller; a credential that
// is present but wrong is refused, never ignored.
//
// JWTs are verified without I/O. API keys are looked up by their SHA-256 in the database and the
// answer is kept for a moment (key_cache.h), so that a revoked key stops working within a second.
// Errors: bad_jwt, no_authorization (malformed header), invalid_api_key.
//
// One per loop; not thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/coro/task.h"
#include "runtime/edge/caller.h"
#include "runtime/edge/key_cache.h"
#include "runtime/edge/key_uses.h"
#include "runtime/http/server.h"
#include "runtime/pg/pool.h"
#include "runtime/wire/jwt.h"
#include "runtime/wire/jwt_cache.h"

namespace chatpad::edge {

constexpr size_t kCredentialBytesMax = 8192;
constexpr int64_t kVisitorTokenS = 900;

struct Credentials {
  std::string_view token;    // JWT, may be empty
  std::string_view api_key;  // cp_..., may be empty
};
Result<Credentials> credentials_of(const http::Request& request);
Result<Credentials> credentials_of(std::string_view authorization, std::string_view apikey);

class Authenticator : public TokenVerifier {
 public:
  Authenticator(Loop& loop, pg::Pool& pool, wire::JwtVerifier verifier)
      : loop_(loop), pool_(pool), verifier_(std::move(verifier)), cache_(verifier_) {}

  Result<Caller> verify(std::string_view token) const override;
  // Every key that is accepted from then on is noted there.
  void attach(KeyUses* uses) { uses_ = uses; }
  void hear(const DurableEvent& event) { keys_.hear(event); }
  // A cached key, or nullptr: then look_up() is needed.
  const Caller* cached_key(std::string_view key);
  Task<Caller> look_up(std::string key);

  // A token for the visitor, valid kVisitorTokenS seconds and only from `origin`.
  std::string visitor_token(const Uuid& visitor, const Uuid& agent, const Uuid& account,
                            std::string_view origin, int64_t expires_at_s) const;
  std::string sign(std::string_view payload_json) const { return verifier_.sign(payload_json); }

 private:
  Loop& loop_;
  pg::Pool& pool_;
  wire::JwtVerifier verifier_;
  mutable wire::JwtCache cache_;
  KeyCache keys_;
  KeyUses* uses_ = nullptr;
};

}  // namespace chatpad::edge

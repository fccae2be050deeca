// KeyStore: keeps the key ring of this program what the database says. Reads it at the start, after
// every `keys.updated` event, when the feed comes back or is away, and, at most once a second, when
// a token names a key that the ring lacks; hands a ring that changed to every loop.
//
// Lives on loop 0. A read that fails leaves the ring as it is and is tried again. What cannot be
// used (a key of a future kind, a private half that was sealed with another key) is left out
// with a warning: its tokens are refused, or it verifies without signing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/coro/scope.h"
#include "runtime/edge/key_ring.h"
#include "runtime/edge/publisher.h"
#include "runtime/loop/loop.h"
#include "runtime/pg/pool.h"
#include "runtime/wire/sealed.h"

namespace chatpad {

constexpr uint64_t kKeyMissMs = 1000;   // between two reads that unknown keys cause
constexpr uint64_t kKeyRetryMs = 1000;  // after a read that failed, or a loop that was not told
constexpr uint64_t kKeyUnseenMs = 20;   // after one that did not see yet what the event told of
constexpr size_t kKeyUnseenMax = 64;    // transactions that are waited for; more are not

// Whom what belongs to the whole project is sealed for: an account that nobody has.
constexpr std::string_view kProjectOwner = "00000000-0000-0000-0000-000000000000";

// The private half of a signing key as it lies in the database, and back; nullopt when no key of
// CHATPAD_SECRET_KEY opens it. One that was sealed under the JWT secret opens still, until
// `chatpad secrets rotate` seals it anew. The one place that knows how.
std::string seal_private_key(const wire::Keyring& keys, std::string_view id, std::string_view der);
std::optional<std::string> open_private_key(const wire::Keyring& keys, std::string_view jwt_secret,
                                            std::string_view id, std::string_view sealed);
// With the keys of this home.
std::string seal_private_key(const Config& config, std::string_view id, std::string_view der);
std::optional<std::string> open_private_key(const Config& config, std::string_view id,
                                            std::string_view sealed);

// The ring without the database's keys: the secret alone.
edge::KeyRingRef secret_key_ring(const Config& config);
// Before anything is served; the secret alone when the database is away.
edge::KeyRingRef read_key_ring(const Config& config, const std::string& service_login);

class KeyStore {
 public:
  // False: some loop was not told.
  using Give = std::function<bool(edge::KeyRingRef)>;
  KeyStore(Loop& loop, pg::Pool& service_pool, const Config& config, Give give)
      : loop_(loop), pool_(service_pool), config_(config), give_(std::move(give)) {}

  void refresh();
  void on_unknown_key();
  void on_event(const edge::DurableEvent& event);

 private:
  enum class Outcome : uint8_t { read, unseen, failed };
  Task<void> read();
  Task<Outcome> read_once();

  Loop& loop_;
  pg::Pool& pool_;
  const Config& config_;
  Give give_;
  Timer retry_;
  std::string known_;                // what was read last, to tell whether it changed
  std::vector<std::string> unseen_;  // transactions that events told of, not seen yet
  uint64_t missed_ms_ = 0;
  bool reading_ = false;
  bool again_ = false;
  Scope scope_;  // last: its task uses all of the above
};

}  // namespace chatpad

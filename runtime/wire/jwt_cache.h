// JwtCache: remembers tokens that were verified, so that a client's next request costs one SHA-256
// instead of a parse and a signature.
//
//   JwtCache cache(verifier);
//   Result<std::shared_ptr<const Claims>> claims = cache.verify(token, wall_s());
//
// Holds digests, never tokens. Only successes are kept, each until its `exp`; failures are verified
// again every time, so an attacker fills nothing. Bounded by entries_max and bytes_max;
// SIEVE decides who goes (Zhang et al., NSDI 2024). One per loop: not thread-safe. Revocation is
// not its business; use() forgets everything (a key was added, replaced or revoked).
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "runtime/wire/crypto.h"
#include "runtime/wire/jwt.h"

namespace chatpad::wire {

constexpr size_t kJwtCacheEntriesMax = 4096;
constexpr size_t kJwtCacheBytesMax = 16 * 1024 * 1024;  // of payload text, all entries together

class JwtCache {
 public:
  // The verifier must outlive the cache.
  explicit JwtCache(const JwtVerifier& verifier, size_t entries_max = kJwtCacheEntriesMax,
                    size_t bytes_max = kJwtCacheBytesMax);
  JwtCache(const JwtCache&) = delete;
  JwtCache& operator=(const JwtCache&) = delete;

  Result<std::shared_ptr<const Claims>> verify(std::string_view token, int64_t now_s);
  // From here on by this verifier, which must outlive the cache or the next use().
  void use(const JwtVerifier& verifier);
  void clear();

  size_t size() const { return index_.size(); }
  size_t bytes() const { return bytes_; }
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    Digest digest;
    std::shared_ptr<const Claims> claims;
    bool visited = false;
  };
  using Position = std::list<Entry>::iterator;
  struct DigestHash {
    size_t operator()(const Digest& digest) const noexcept;
  };
  void insert(const Digest& digest, std::shared_ptr<const Claims> claims);
  void evict();
  void erase(Position position);

  const JwtVerifier* verifier_;
  size_t entries_max_;
  size_t bytes_max_;
  size_t bytes_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
  std::list<Entry> entries_;  // newest first
  Position hand_;             // where the last eviction stopped; end() means "start at the oldest"
  std::unordered_map<Digest, Position, DigestHash> index_;
};

}  // namespace chatpad::wire

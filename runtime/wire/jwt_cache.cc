#include "runtime/wire/jwt_cache.h"

#include <cstring>

#include "runtime/base/check.h"

namespace chatpad::wire {
namespace {

size_t cost_bytes(const Claims& claims) { return sizeof(Claims) + claims.payload_json.size(); }

}  // namespace

size_t JwtCache::DigestHash::operator()(const Digest& digest) const noexcept {
  size_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

JwtCache::JwtCache(const JwtVerifier& verifier, size_t entries_max, size_t bytes_max)
    : verifier_(&verifier),
      entries_max_(entries_max),
      bytes_max_(bytes_max),
      hand_(entries_.end()) {
  CHECK(entries_max > 0, "a cache holds something");
}

Result<std::shared_ptr<const Claims>> JwtCache::verify(std::string_view token, int64_t now_s) {
  // Before the digest, so that a huge token costs nothing.
  if (token.size() > verifier_->rules().token_bytes_max)
    return verifier_->verify(token, now_s).error();
  const Digest digest = sha256(token);
  const auto found = index_.find(digest);
  if (found != index_.end()) {
    const Position position = found->second;
    if (position->claims->exp > now_s) {
      ++hits_;
      position->visited = true;
      return position->claims;
    }
    erase(position);
  }
  ++misses_;
  Result<Claims> verified = verifier_->verify(token, now_s);
  if (!verified) return verified.error();
  auto claims = std::make_shared<const Claims>(std::move(*verified));
  insert(digest, claims);
  return claims;
}

void JwtCache::use(const JwtVerifier& verifier) {
  verifier_ = &verifier;
  clear();
}

void JwtCache::clear() {
  index_.clear();
  entries_.clear();
  hand_ = entries_.end();
  bytes_ = 0;
}

void JwtCache::insert(const Digest& digest, std::shared_ptr<const Claims> claims) {
  const size_t cost = cost_bytes(*claims);
  while (!entries_.empty() && (entries_.size() >= entries_max_ || bytes_ + cost > bytes_max_)) {
    evict();
  }
  bytes_ += cost;
  entries_.push_front(Entry{digest, std::move(claims)});
  index_.emplace(digest, entries_.begin());
}

void JwtCache::evict() {
  // Walks from the oldest to the newest and round again, sparing who was used since the last visit.
  for (;;) {
    if (hand_ == entries_.end()) hand_ = std::prev(entries_.end());
    if (!hand_->visited) break;
    hand_->visited = false;
    hand_ = hand_ == entries_.begin() ? entries_.end() : std::prev(hand_);
  }
  erase(hand_);
}

void JwtCache::erase(Position position) {
  if (position == hand_) {
    hand_ = position == entries_.begin() ? entries_.end() : std::prev(position);
  }
  bytes_ -= cost_bytes(*position->claims);
  index_.erase(position->digest);
  entries_.erase(position);
}

}  // namespace chatpad::wire

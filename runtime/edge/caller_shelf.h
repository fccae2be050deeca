// CallerShelf: one object for callers that are the same, for those who keep a caller for as long
// as a socket lives. Sites connect with one public key, so that thousands of sockets share theirs.
//
// It remembers the newest kCallersKept without keeping them alive. One loop only. No errors.
#pragma once

#include <array>
#include <memory>
#include <tuple>
#include <utility>

#include "runtime/edge/caller.h"

namespace chatpad::edge {

class CallerShelf {
  static auto all_of(const Caller& c) {
    return std::tie(c.kind, c.claims.role, c.claims.json, c.subject, c.display_name, c.agent_id,
                    c.account_id, c.origin, c.scopes, c.session_id, c.expires_at_s, c.rate_per_min);
  }

 public:
  static constexpr size_t kCallersKept = 16;  // compared at every share()

  std::shared_ptr<const Caller> share(Caller caller) {
    for (const std::weak_ptr<const Caller>& kept : kept_) {
      std::shared_ptr<const Caller> same = kept.lock();
      if (same && all_of(*same) == all_of(caller)) return same;
    }
    auto made = std::make_shared<const Caller>(std::move(caller));
    kept_[next_++ % kCallersKept] = made;
    return made;
  }

 private:
  std::array<std::weak_ptr<const Caller>, kCallersKept> kept_;
  size_t next_ = 0;
};

}  // namespace chatpad::edge

// Turns: how many things of one account are under way at once, so that one account cannot have all
// places that everybody shares.
//
//   std::shared_ptr<const void> turn = turns.take(account);   // nullptr: it has its share
//
// A turn is over when the last copy of the pointer is gone. Not thread-safe: one per loop. Errors:
// none. Limits: kCustomTurnsMax by default.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace chatpad::functions::ai {

constexpr size_t kCustomTurnsMax = 64;  // answers of an account at custom services, per loop

class Turns {
 public:
  explicit Turns(size_t most = kCustomTurnsMax) : most_(most) {}

  std::shared_ptr<const void> take(const std::string& account) {
    std::shared_ptr<Share>& share = shares_[account];
    if (!share) share = std::make_shared<Share>();
    if (share->taken >= most_) return nullptr;
    return std::make_shared<const Turn>(*this, account, share);
  }
  size_t accounts() const { return shares_.size(); }

 private:
  struct Share {
    size_t taken = 0;
  };
  struct Turn {
    Turn(Turns& all, std::string name, std::shared_ptr<Share> of)
        : turns(all.alive_), owner(&all), account(std::move(name)), share(std::move(of)) {
      ++share->taken;
    }
    ~Turn() {
      if (--share->taken == 0 && !turns.expired()) owner->shares_.erase(account);
    }
    std::weak_ptr<const char> turns;
    Turns* owner;
    std::string account;
    std::shared_ptr<Share> share;
  };

  size_t most_;
  std::unordered_map<std::string, std::shared_ptr<Share>> shares_;
  std::shared_ptr<const char> alive_ = std::make_shared<const char>('\0');
};

}  // namespace chatpad::functions::ai

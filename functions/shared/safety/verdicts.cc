#include "functions/shared/safety/verdicts.h"

#include <utility>

#include "functions/shared/safety/screen.h"
#include "runtime/wire/crypto.h"

namespace chatpad::safety {

bool Verdicts::suspicious(std::string_view text) {
  std::string key = wire::sha256_hex(text);
  if (const auto found = new_.find(key); found != new_.end()) return found->second;
  if (new_.size() >= most_) old_ = std::exchange(new_, {});
  if (const auto found = old_.find(key); found != old_.end()) {
    const bool verdict = found->second;
    new_.emplace(std::move(key), verdict);
    return verdict;
  }
  ++screened_;
  const bool verdict = screen(text).suspicious();
  new_.emplace(std::move(key), verdict);
  return verdict;
}

}  // namespace chatpad::safety

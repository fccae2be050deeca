// Verdicts: what screen() said of texts that come again. A conversation is given to a model whole
// at every message, and what its visitor wrote before has been looked at then.
//
//   if (verdicts.suspicious(text)) ...      // as screen(text).suspicious(), looked at once
//
// Remembered by SHA-256, so that no text can be made to pass for another. Not thread-safe: one per
// thread. Errors: none. Limits: kVerdictsMax texts of each of two generations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace chatpad::safety {

constexpr size_t kVerdictsMax = 5'000;

class Verdicts {
 public:
  explicit Verdicts(size_t most = kVerdictsMax) : most_(most) {}
  bool suspicious(std::string_view text);
  uint64_t screened() const { return screened_; }

 private:
  size_t most_;
  uint64_t screened_ = 0;
  // What is asked for moves to the new generation; the old one is forgotten when the new is full.
  std::unordered_map<std::string, bool> new_;
  std::unordered_map<std::string, bool> old_;
};

}  // namespace chatpad::safety

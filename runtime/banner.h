// What a person at the terminal sees of `chatpad up`.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/config.h"
#include "runtime/home.h"

namespace chatpad {

// Prints each step when it is done, with the time it took.
class Progress {
 public:
  Progress();
  void step(const std::string& what);
  uint64_t total_ms() const;

 private:
  uint64_t start_ms_;
  uint64_t last_ms_;
};

void print_banner(const Config& config, const Home& home, uint64_t took_ms);

}  // namespace chatpad

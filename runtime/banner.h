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

struct BannerFacts {
  uint64_t took_ms;
  std::string env_file;
  std::string log;
};
// `values` are those of the env file. Only the anon key makes a line longer than a screen is wide.
std::string banner_text(const Config& config, const EnvValues& values, const BannerFacts& facts);
void print_banner(const Config& config, const Home& home, uint64_t took_ms);

}  // namespace chatpad

// PersonaReport: a persona as an operator sees it. Copied out of one loop for report.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace chatpad::realtime {

struct PersonaReport {
  std::string role, subject;  // the claim `sub`; empty without one
  size_t subscribers = 0, waiting = 0;
  uint64_t checks = 0, check_us = 0;
};

}  // namespace chatpad::realtime

// PersonaReport: a persona as an operator sees it. Copied out of one loop for report.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace chatpad::realtime {

// What one loop's Changes have done.
struct ChangesStats {
  size_t personas = 0, subscribers = 0;
  uint64_t checks = 0, check_failures = 0, rows_seen = 0, rows_hidden = 0, losses = 0;
  uint64_t check_us = 0;  // waited for checks
};

struct PersonaReport {
  std::string role, subject;  // the claim `sub`; empty without one
  size_t subscribers = 0, waiting = 0;
  uint64_t checks = 0, check_us = 0;
};

}  // namespace chatpad::realtime

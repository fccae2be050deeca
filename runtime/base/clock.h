// Time: monotonic milliseconds for deadlines, wall-clock seconds and milliseconds for tokens and
// records. Nothing else in the program calls the system clocks.
#pragma once

#include <cstdint>
#include <string>

namespace chatpad {

uint64_t monotonic_us();
uint64_t monotonic_ms();
int64_t wall_ms();
int64_t wall_s();
// 2026-11-20T10:11:12.345Z
std::string iso8601_ms(int64_t wall_ms);

}  // namespace chatpad

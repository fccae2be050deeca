// The walls around the readers. close_inherited() comes first: whatever the program that started
// this one has open stays its own. limit_resources() comes before a byte is read; enter_sandbox()
// when all bytes are in memory and before any of them is looked at closely. Afterwards the process
// can compute, allocate, write to standard output and end: it opens no file, no socket, starts no
// program and no thread, and signals nobody else (seccomp; such a call fails with EPERM).
#pragma once

#include <cstdint>

namespace chatpad::extract {

constexpr uint64_t kAddressBytesMax = 512ull * 1024 * 1024;
constexpr uint64_t kCpuSecondsMax = 20;

void close_inherited();
void limit_resources();
// False when the kernel refuses: then nothing may be read.
bool enter_sandbox();

}  // namespace chatpad::extract

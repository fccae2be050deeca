#include "extract/sandbox.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace chatpad::extract {
namespace {

// What is in the sandbox says by its exit status.
int run_inside(int (*inside)(pid_t outside)) {
  const pid_t outside = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(enter_sandbox() ? inside(outside) : 99);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Sandbox, SignalsItselfAndNobodyElse) {
  EXPECT_EQ(run_inside([](pid_t outside) {
              if (::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0) != 0) return 1;
              if (::syscall(SYS_tgkill, outside, outside, 0) == 0 || errno != EPERM) return 2;
              return ::kill(outside, 0) == 0 || errno != EPERM ? 3 : 0;
            }),
            0);
}

TEST(Sandbox, OpensNothing) {
  EXPECT_EQ(run_inside([](pid_t) {
              return ::dup(0) >= 0 || ::syscall(SYS_openat, 0, "/etc/passwd", 0) >= 0 ? 1 : 0;
            }),
            0);
}

}  // namespace
}  // namespace chatpad::extract

#include "extract/sandbox.h"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace chatpad::extract {
namespace {

void limit(__rlimit_resource what, uint64_t most) {
  const rlimit both{most, most};
  setrlimit(what, &both);
}

// What the readers, the allocator and the end of a process need.
constexpr int kAllowed[] = {SCMP_SYS(read),
                            SCMP_SYS(readv),
                            SCMP_SYS(write),
                            SCMP_SYS(writev),
                            SCMP_SYS(close),
                            SCMP_SYS(fstat),
                            SCMP_SYS(lseek),
                            SCMP_SYS(mmap),
                            SCMP_SYS(munmap),
                            SCMP_SYS(mremap),
                            SCMP_SYS(mprotect),
                            SCMP_SYS(madvise),
                            SCMP_SYS(brk),
                            SCMP_SYS(futex),
                            SCMP_SYS(rt_sigaction),
                            SCMP_SYS(rt_sigprocmask),
                            SCMP_SYS(rt_sigreturn),
                            SCMP_SYS(sigaltstack),
                            SCMP_SYS(getpid),
                            SCMP_SYS(gettid),
                            SCMP_SYS(clock_gettime),
                            SCMP_SYS(clock_getres),
                            SCMP_SYS(clock_nanosleep),
                            SCMP_SYS(gettimeofday),
                            SCMP_SYS(getrandom),
                            SCMP_SYS(getrusage),
                            SCMP_SYS(sched_yield),
                            SCMP_SYS(restart_syscall),
                            SCMP_SYS(exit),
                            SCMP_SYS(exit_group)};

}  // namespace

void close_inherited() { ::close_range(3, ~0U, 0); }

void limit_resources() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody waits for the answer of a dead program's child
  prctl(PR_SET_DUMPABLE, 0);
  limit(RLIMIT_AS, kAddressBytesMax);
  const rlimit cpu{kCpuSecondsMax, kCpuSecondsMax + 1};  // SIGXCPU first: it says why
  setrlimit(RLIMIT_CPU, &cpu);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NPROC, 0);
}

bool enter_sandbox() {
  limit(RLIMIT_NOFILE, 0);
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  bool good = true;
  for (const int call : kAllowed)
    good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0 && good;
  // abort() sends its signal this way: to itself only.
  const scmp_arg_cmp self{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()), 0};
  good = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self) == 0 && good;
  good = seccomp_load(filter) == 0 && good;  // sets no_new_privs, too
  seccomp_release(filter);
  return good;
}

}  // namespace chatpad::extract

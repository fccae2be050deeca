#include "runtime/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace chatpad {

void check_failed(const char* condition, const char* sentence, const char* file, int line) {
  std::fprintf(stderr, "chatpad: bug: %s (%s) at %s:%d\n", sentence, condition, file, line);
  std::abort();
}

}  // namespace chatpad

#include "runtime/edge/assets.h"

#include "runtime/base/check.h"

namespace chatpad::edge {

const Asset& asset(std::string_view path) {
  for (const Asset& candidate : asset_bundle()) {
    if (candidate.path == path) return candidate;
  }
  check_failed("asset found", "every asset that is served is part of the program", __FILE__,
               __LINE__);
}

}  // namespace chatpad::edge

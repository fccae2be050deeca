// CHATPAD_HOME/env: what a person, a script or a test needs to talk to this server, and where the
// program finds its own secrets again. KEY='value' lines that a shell can source; mode 0600.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "runtime/base/error.h"

namespace chatpad {

using EnvValues = std::map<std::string, std::string>;

// Empty when there is no such file. Errc::validation_failed when it is not one of ours.
Result<EnvValues> read_env_file(const std::string& path);
// Reads the file, lets `change` work on the values and replaces the file in one step, so that a
// reader never sees half of it. One at a time for each folder: two programs that change different
// names both keep what they wrote. The values as they stand in the file then.
Result<EnvValues> change_env_file(const std::string& path,
                                  const std::function<void(EnvValues&)>& change);

}  // namespace chatpad

// chatpad keys: what operators do with the keys of a project. Without a verb it prints those of the
// env file; list, create, rotate and revoke work on the database of a home, while programs serve
// it.
#pragma once

#include "runtime/base/config.h"

namespace CLI {
class App;
}

namespace chatpad::commands {

// Adds the verbs to `chatpad keys`.
void add_keys(CLI::App& app);
int keys(const Config& config);

}  // namespace chatpad::commands

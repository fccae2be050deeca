// `chatpad secrets rotate`: from one sealing key to the next, while the program serves.
#pragma once

#include "runtime/base/config.h"

namespace CLI {
class App;
}

namespace chatpad::commands {

// Defines what stands below `secrets`.
void add_secrets(CLI::App& app);
// A new key is put in front of the home's, becomes the one that seals, everything is sealed anew in
// batches, then the old key goes. Cut off at any moment it is finished by the next call, and until
// then the old key opens. Where the operator keeps the keys (CHATPAD_SECRET_KEY,
// CHATPAD_SECRET_KEY_FILE) it makes and removes none: the first one there is the new one.
int secrets(const Config& config);

}  // namespace chatpad::commands

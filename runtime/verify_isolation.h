// `chatpad verify-isolation`: proves that accounts are apart, on this machine, with this program.
//
// It starts a throw-away server with a database of its own, fills two accounts with rows of
// everything, and lets everybody - nobody, a visitor, people of each role, API keys of each scope,
// people of the other account - ask every endpoint, table and channel for what is the other's. It
// compares answers, looks for texts and ids of the other account in them, and looks whether its
// rows changed. Then the catalogue: roles, grants, policies, keys, functions.
//
// No data of this home is read or written, so it is safe anywhere. With --database it looks at the
// home's own database (or CHATPAD_DATABASE_URL) instead: at its catalogue, in a transaction that is
// read only, against that of a database freshly made by this program.
//
// Exit code 1 and a sentence for each hole.
#pragma once

#include "runtime/base/config.h"

namespace CLI {
class App;
}

namespace chatpad::commands {

void add_verify_isolation(CLI::App& app);
int verify_isolation(const Config& config);

}  // namespace chatpad::commands

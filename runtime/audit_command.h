// `chatpad audit verify`: walks the hash chain of every account's audit log and names the first row
// that is wrong. For whoever may read the home: it logs in to the database with what is there. The
// server may run meanwhile.
//
// Exit code 0 when every chain holds, 1 otherwise. With --against FILE, an earlier output, the
// heads noted there must still be links of their chains: that shows a chain that was cut or written
// anew.
#pragma once

#include "runtime/base/config.h"

namespace CLI {
class App;
}

namespace chatpad::commands {

void add_audit(CLI::App& app);
int audit(const Config& config);

}  // namespace chatpad::commands

// `chatpad admin grant|revoke EMAIL` and `chatpad admin list`: who is a super admin of the
// platform. For whoever may read the home; no endpoint does it. Both stand in the audit log of the
// person's own account and in its security log.
#pragma once

#include "runtime/base/config.h"

namespace CLI {
class App;
}

namespace chatpad::commands {

void add_admin(CLI::App& app);
int admin(const Config& config);

}  // namespace chatpad::commands

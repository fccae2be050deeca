// The subcommands of the program. Each returns the exit code; errors are raised with a sentence for
// the person at the terminal.
#pragma once

#include "runtime/base/config.h"

namespace chatpad::commands {

int up(const Config& config);
int serve(const Config& config);
int migrate(const Config& config);
int seed(const Config& config);
int doctor(const Config& config);
int outbox(const Config& config);
int routes();
int openapi();
int version();

}  // namespace chatpad::commands

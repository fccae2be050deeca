// Where the keys come from that seal secrets in the database: CHATPAD_SECRET_KEY_FILE when it is
// set, else the home's env file, else what the program was started with. Read at the start, and
// again by whoever meets a text that was sealed with a key it does not know.
#pragma once

#include <string>

#include "runtime/base/config.h"
#include "runtime/base/error.h"

namespace chatpad {

// The text that wire::Keyring::parse takes. Errc::internal when the file cannot be read.
Result<std::string> secret_key_text(const Config& config);

}  // namespace chatpad

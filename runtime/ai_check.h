// Where the language models of the settings are: said at the start rather than found out by a
// visitor.
#pragma once

#include "runtime/base/ai_settings.h"
#include "runtime/base/error.h"

namespace chatpad {

// Errc::validation_failed, with a sentence that says what to set, when the address of a service
// that has been set leads into a private network and CHATPAD_AI_ALLOW_PRIVATE does not allow it. A
// name that does not resolve now is no reason not to start. Resolves, so it may take seconds.
Result<void> check_ai_addresses(const AiSettings& settings);

}  // namespace chatpad

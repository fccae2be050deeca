// The manner of an agent (`agents.personality`) as sentences for a language model: tone, length,
// emoji, follow-up questions and language. Unknown members and values are left out. Pure.
#pragma once

#include <string>

#include "runtime/wire/json.h"

namespace chatpad::functions::ai {

std::string manner_of(const wire::Json& personality);

}  // namespace chatpad::functions::ai

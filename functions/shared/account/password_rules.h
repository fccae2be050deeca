// What a new password has to be like (CHATPAD_PASSWORD_MIN, CHATPAD_PASSWORD_NEEDS).
#pragma once

#include <string_view>

#include "runtime/base/auth_settings.h"

namespace chatpad::functions {

// Raises weak_password; under /auth/v1 the body then has weak_password.reasons: length, characters.
void require_strong_password(const AuthSettings& settings, std::string_view password);

}  // namespace chatpad::functions

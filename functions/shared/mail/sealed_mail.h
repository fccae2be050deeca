// What a mail says, sealed (AES-256-GCM under a key that follows from the JWT secret) while it
// waits in private.mail_outbox: links and codes sign people in, so they stand nowhere in clear.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/config.h"
#include "runtime/base/error.h"

namespace chatpad::functions {

// `content_json` is an object; compose.h says which members a kind of mail wants.
std::string seal_mail(const Config& config, std::string_view content_json);
// Errc::internal when it was sealed with another secret.
Result<std::string> open_mail(const Config& config, std::string_view sealed);

}  // namespace chatpad::functions

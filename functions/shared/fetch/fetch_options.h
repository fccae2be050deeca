// How tenants' URLs are fetched on this server: public addresses, and the networks that the
// operator opens (CHATPAD_FETCH_ALLOW).
#pragma once

#include "runtime/base/config.h"
#include "runtime/http/safe_fetch.h"

namespace chatpad::functions {

http::SafeOptions fetch_options(const Config& config);

}  // namespace chatpad::functions

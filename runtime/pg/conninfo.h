// Connection strings: the same server and database, as somebody else.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::pg {

// `conninfo` is a URI or key=value text as libpq takes it. The result is key=value text with user
// and password replaced. Errc::validation_failed when libpq cannot read it.
Result<std::string> as_user(const std::string& conninfo, std::string_view user,
                            std::string_view password);

}  // namespace chatpad::pg

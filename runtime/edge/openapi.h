// The endpoint table in two readable forms. Both come from the same declarations the router uses.
#pragma once

#include <string>

#include "runtime/edge/router.h"

namespace chatpad::edge {

// One line per endpoint: method, path, who may call, body limit, rate, deadline, summary.
std::string routes_table(const Router& router);
// OpenAPI 3.1.
std::string openapi_json(const Router& router);

}  // namespace chatpad::edge

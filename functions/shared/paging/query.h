// What a request under /v1 says outside its body: the id in its path and the parameters of its
// query. Everything raises validation_failed naming the parameter.
#pragma once

#include <initializer_list>
#include <string_view>

#include "runtime/base/uuid.h"
#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

// The id in the path; what is none is an id of nothing: not_found.
Uuid id_of_path(const edge::Call& call);

// The query's parameters of these names as fields; `limit` and `after_seq` as numbers. An empty one
// is none.
wire::Fields query_fields(const edge::Call& call, std::initializer_list<std::string_view> names);

}  // namespace chatpad::functions

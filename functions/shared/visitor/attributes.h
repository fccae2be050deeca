// What a site says of a customer it vouches for beside name and address: custom attributes, flat
// pairs such as {"customer_tier": "gold", "total_orders": 12}. They are the site's words, shown to
// the account's people and API clients, and decide nothing.
//
// The field is an object, or the text of one, as an attribute of a script line has to be. Values
// are texts, numbers and booleans; null leaves an attribute out. Errors: validation_failed that
// names `customAttributes`. Limits: docs/limits.md.
#pragma once

#include <optional>
#include <string>

#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr size_t kAttributesMax = 50;
constexpr size_t kAttributeNameCharsMax = 64;
constexpr size_t kAttributeTextCharsMax = 500;
constexpr size_t kAttributesBytesMax = 8 * 1024;

// The JSON of the object that is kept; nullopt when nothing is said.
std::optional<std::string> read_attributes(const wire::Fields& fields);

}  // namespace chatpad::functions

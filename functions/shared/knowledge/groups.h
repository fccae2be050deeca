// Groups of people as callers write them and as the database takes them.
//
// A group is a name of 1 to 100 characters without commas and line breaks, compared exactly. An
// attribute is a group like "region:eu". Errors: validation_failed. Limits: kGroupsMax.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/wire/fields.h"

namespace chatpad::knowledge {

constexpr std::size_t kGroupsMax = 50;
constexpr std::size_t kGroupCharsMax = 100;

/// The list in this field; empty when it is absent.
std::vector<std::string> read_groups(const wire::Fields& fields, std::string_view name);

/// The names of a text that has commas between them; `name` is the field it came from.
std::vector<std::string> split_groups(std::string_view text, std::string_view name);

/// A literal of type text[].
std::string group_array(const std::vector<std::string>& groups);

}  // namespace chatpad::knowledge

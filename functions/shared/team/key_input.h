// What makes an API key, as both ways to ask for one send it, and how both answer.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/uuid.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr int64_t kKeyRatePerMinMax = 1'000'000;
constexpr int64_t kKeyOverlapSMax = 604'800;  // 7 days
constexpr size_t kKeyScopesMax = 50;          // listed; a scope twice counts once

struct KeyInput {
  std::string name;
  std::string scopes_json;
  std::optional<std::string> expires_at;
  std::optional<int64_t> rate_per_min;
};

// `scopes` must hold known ones only (docs/api/accounts.md), at least one. The names of the two
// other fields differ between the APIs.
KeyInput read_key(const wire::Fields& fields, std::string_view expires_field,
                  std::string_view rate_field);

// A time as RFC 3339 has it, for a timestamptz parameter. Raises validation_failed naming the
// field.
std::optional<std::string> read_time(const wire::Fields& fields, std::string_view name);
bool is_time(std::string_view text);

}  // namespace chatpad::functions

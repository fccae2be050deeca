// Which attributes of an assertion mean what, in the words of Supabase:
//
//   {"email": {"name": "mail"}, "groups": {"names": ["groups", "memberOf"], "array": true},
//    "team": {"name": "team", "default": "none"}}
//
// `email` and `name` replace the attributes that are looked at otherwise; every key becomes one of
// the custom claims. Errors: validation_failed naming attribute_mapping. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/saml/response.h"
#include "runtime/base/error.h"

namespace chatpad::functions {

constexpr size_t kMappingBytesMax = 16 * 1024;
constexpr size_t kMappedKeysMax = 50;
constexpr size_t kMappedNamesMax = 20;

struct MappedAttribute {
  std::string key;
  std::vector<std::string> names;  // the first that has a value counts
  std::string fallback_json;       // empty: none
  bool array = false;
};

// Of the object under `keys`.
Result<std::vector<MappedAttribute>> read_mapping(std::string_view keys_json);

// The values of the first of the attribute's names that has any.
std::vector<std::string> values_of(const MappedAttribute& attribute, const saml::SamlPerson& who);
// The JSON of the claim; empty when there is nothing to say.
std::string claim_of(const MappedAttribute& attribute, const saml::SamlPerson& who);

}  // namespace chatpad::functions

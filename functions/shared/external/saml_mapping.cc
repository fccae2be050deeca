#include "functions/shared/external/saml_mapping.h"

#include <nlohmann/json.hpp>

#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kNameCharsMax = 500;

Error wrong(const char* rule) {
  Error error(Errc::validation_failed,
              PublicText(std::string("attribute_mapping must have ") + rule + "."));
  error.details = "attribute_mapping";
  return error;
}

bool is_name(const wire::Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() && text.size() <= kNameCharsMax;
}

// False when a name is none.
bool read_names(const wire::Json& said, MappedAttribute& attribute) {
  const auto one = said.find("name");
  if (one != said.end() && !(one->is_string() && one->get_ref<const std::string&>().empty())) {
    if (!is_name(*one)) return false;
    attribute.names.push_back(one->get<std::string>());
  }
  const auto list = said.find("names");
  if (list == said.end() || list->is_null()) return true;
  if (!list->is_array() || list->size() > kMappedNamesMax) return false;
  for (const wire::Json& name : *list) {
    if (!is_name(name)) return false;
    attribute.names.push_back(name.get<std::string>());
  }
  return true;
}

}  // namespace

Result<std::vector<MappedAttribute>> read_mapping(std::string_view keys_json) {
  const auto keys = wire::parse_json(keys_json, {.nul = wire::NulEscape::refuse});
  if (!keys || !keys->is_object()) return wrong("an object under keys");
  if (keys->size() > kMappedKeysMax) return wrong("at most 50 keys");
  std::vector<MappedAttribute> read;
  for (const auto& [key, said] : keys->items()) {
    MappedAttribute attribute;
    attribute.key = key;
    if (key.empty() || key.size() > kNameCharsMax || !said.is_object()) {
      return wrong("an object for each key");
    }
    if (!read_names(said, attribute)) return wrong("a name, or a list of names, for each key");
    const auto fallback = said.find("default");
    if (fallback != said.end() && !fallback->is_null()) {
      attribute.fallback_json = wire::dump(*fallback);
    }
    const auto array = said.find("array");
    if (array != said.end()) {
      if (!array->is_boolean()) return wrong("true or false as array");
      attribute.array = array->get<bool>();
    }
    read.push_back(std::move(attribute));
  }
  return read;
}

std::vector<std::string> values_of(const MappedAttribute& attribute, const saml::SamlPerson& who) {
  for (const std::string& name : attribute.names) {
    const auto found = who.attributes.find(name);
    if (found != who.attributes.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string claim_of(const MappedAttribute& attribute, const saml::SamlPerson& who) {
  const std::vector<std::string> values = values_of(attribute, who);
  if (values.empty()) return attribute.fallback_json;
  wire::JsonWriter out;
  if (!attribute.array) {
    out.value(values.front());
    return std::move(out).str();
  }
  out.array();
  for (const std::string& value : values) out.value(value);
  out.end();
  return std::move(out).str();
}

}  // namespace chatpad::functions

#include "functions/shared/visitor/attributes.h"

#include <nlohmann/json.hpp>

#include "runtime/wire/utf8.h"

namespace chatpad::functions {
namespace {

constexpr std::string_view kField = "customAttributes";

bool has_controls(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return true;
  }
  return false;
}

void check_name(std::string_view name) {
  if (name.empty() || wire::utf8_length(name) > kAttributeNameCharsMax || has_controls(name)) {
    wire::refuse_field(kField, "must have names of 1 to 64 characters");
  }
}

void check_value(const wire::Json& value) {
  if (value.is_string()) {
    if (wire::utf8_length(value.get_ref<const std::string&>()) > kAttributeTextCharsMax) {
      wire::refuse_field(kField, "must have texts of at most 500 characters");
    }
  } else if (!value.is_number() && !value.is_boolean()) {
    wire::refuse_field(kField, "must have texts, numbers and booleans as values");
  }
}

}  // namespace

std::optional<std::string> read_attributes(const wire::Fields& fields) {
  // As a text every quote and line break of it counts twice.
  const auto sent = fields.optional_json_text(kField, 2 * kAttributesBytesMax);
  if (!sent) return std::nullopt;
  const wire::JsonLimits limits{.nul = wire::NulEscape::refuse};
  wire::Json said = wire::parse_json(*sent, limits).or_raise();
  if (said.is_null()) return std::nullopt;
  if (said.is_string()) {
    if (said.get_ref<const std::string&>().empty()) return std::nullopt;
    auto inner = wire::parse_json(said.get_ref<const std::string&>(), limits);
    if (!inner) wire::refuse_field(kField, "must be an object or the JSON of one");
    said = wire::Json(std::move(*inner));
  }
  if (!said.is_object()) wire::refuse_field(kField, "must be an object or the JSON of one");
  wire::Json kept = wire::Json::object();
  for (const auto& [name, value] : said.items()) {
    check_name(name);
    if (value.is_null()) continue;
    check_value(value);
    kept[name] = value;
  }
  if (kept.size() > kAttributesMax) wire::refuse_field(kField, "must be at most 50 attributes");
  std::string text = wire::dump(kept);
  if (text.size() > kAttributesBytesMax) wire::refuse_field(kField, "must be at most 8 KiB");
  return text;
}

}  // namespace chatpad::functions

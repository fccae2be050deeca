#include "runtime/wire/fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/wire/utf8.h"

namespace chatpad::wire {
namespace {

bool has_forbidden_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
}

std::string length_rule(size_t min_chars, size_t max_chars) {
  const std::string max = std::to_string(max_chars);
  if (min_chars == 0) return "must be a string of at most " + max + " characters";
  return "must be a string of " + std::to_string(min_chars) + " to " + max + " characters";
}

std::string list_rule(std::initializer_list<std::string_view> list) {
  std::string rule = "must be one of";
  const char* separator = " ";
  for (const std::string_view item : list) {
    rule.append(separator).append(item);
    separator = ", ";
  }
  return rule;
}

std::string checked_string(std::string_view name, const Json& value, size_t min_chars,
                           size_t max_chars) {
  if (!value.is_string()) refuse_field(name, length_rule(min_chars, max_chars));
  const auto& text = value.get_ref<const std::string&>();
  const size_t chars = utf8_length(text);
  if (chars < min_chars || chars > max_chars) refuse_field(name, length_rule(min_chars, max_chars));
  if (has_forbidden_control(text)) refuse_field(name, "must not contain control characters");
  return text;
}

Uuid checked_uuid(std::string_view name, const Json& value, std::string_view rule) {
  const auto id =
      value.is_string() ? Uuid::parse(value.get_ref<const std::string&>()) : std::optional<Uuid>();
  if (!id) refuse_field(name, rule);
  return *id;
}

const Json::array_t& checked_array(std::string_view name, const Json& value, size_t items_max) {
  if (!value.is_array() || value.size() > items_max) {
    refuse_field(name, "must be an array of at most " + std::to_string(items_max) + " items");
  }
  return value.get_ref<const Json::array_t&>();
}

std::string checked_text(std::string_view name, const Json& value, size_t bytes_max) {
  std::string text = dump(value);
  if (text.size() > bytes_max) {
    refuse_field(name, "must be at most " + std::to_string(bytes_max) + " bytes of JSON");
  }
  return text;
}

}  // namespace

void refuse_field(std::string_view name, std::string_view rule) {
  Error error(Errc::validation_failed,
              PublicText(std::string(name).append(" ").append(rule).append(".")));
  error.details = name;
  raise(std::move(error));
}

bool is_email(std::string_view text) {
  if (text.size() > kEmailBytesMax || !is_utf8(text)) return false;
  const size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const auto is_forbidden = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f ||
           std::string_view("<>()[]\\,;:\"@").find(c) != std::string_view::npos;
  };
  if (std::any_of(local.begin(), local.end(), is_forbidden)) return false;
  if (std::any_of(domain.begin(), domain.end(), is_forbidden)) return false;
  if (local.front() == '.' || local.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return domain.size() >= 3 && domain.find('.') != std::string_view::npos &&
         domain.front() != '.' && domain.back() != '.' && domain.front() != '-' &&
         domain.back() != '-';
}

Result<Fields> Fields::parse(std::string_view body, JsonLimits limits) {
  limits.nul = NulEscape::allow;  // strings are checked one by one, so that the field is named
  Result<Json> parsed = parse_json(body, limits);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) {
    return Error(Errc::bad_json, PublicText("The body must be a JSON object."));
  }
  return Fields(std::make_shared<const Json>(std::move(*parsed)));
}

const Json* Fields::find_raw(std::string_view name) const {
  const auto& members = object_->get_ref<const Json::object_t&>();
  const auto found = members.find(name);
  return found == members.end() ? nullptr : &found->second;
}

const Json* Fields::find(std::string_view name) const {
  const Json* value = find_raw(name);
  return value && !value->is_null() ? value : nullptr;
}

bool Fields::present(std::string_view name) const { return find_raw(name) != nullptr; }
bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

Uuid Fields::uuid(std::string_view name) const {
  const std::optional<Uuid> id = optional_uuid(name);
  if (!id) refuse_field(name, "must be a UUID");
  return *id;
}

std::optional<Uuid> Fields::optional_uuid(std::string_view name) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  return checked_uuid(name, *value, "must be a UUID");
}

std::string Fields::string(std::string_view name, size_t min_chars, size_t max_chars) const {
  const Json* value = find(name);
  if (!value) refuse_field(name, length_rule(min_chars, max_chars));
  return checked_string(name, *value, min_chars, max_chars);
}

std::optional<std::string> Fields::optional_string(std::string_view name, size_t max_chars) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  return checked_string(name, *value, 0, max_chars);
}

std::string Fields::email(std::string_view name) const {
  std::optional<std::string> text = optional_email(name);
  if (!text) refuse_field(name, "must be an e-mail address");
  return std::move(*text);
}

std::optional<std::string> Fields::optional_email(std::string_view name) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_string() || !is_email(value->get_ref<const std::string&>())) {
    refuse_field(name, "must be an e-mail address");
  }
  return value->get_ref<const std::string&>();
}

std::string Fields::choice(std::string_view name,
                           std::initializer_list<std::string_view> list) const {
  std::optional<std::string> text = optional_choice(name, list);
  if (!text) refuse_field(name, list_rule(list));
  return std::move(*text);
}

std::optional<std::string> Fields::optional_choice(
    std::string_view name, std::initializer_list<std::string_view> list) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) refuse_field(name, list_rule(list));
  const auto& text = value->get_ref<const std::string&>();
  if (std::find(list.begin(), list.end(), text) == list.end()) refuse_field(name, list_rule(list));
  return text;
}

int64_t Fields::integer(std::string_view name, int64_t min, int64_t max) const {
  const std::optional<int64_t> value = optional_integer(name, min, max);
  if (!value) {
    refuse_field(name,
                 "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return *value;
}

std::optional<int64_t> Fields::optional_integer(std::string_view name, int64_t min,
                                                int64_t max) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  const bool fits =
      value->is_number_integer() &&
      (!value->is_number_unsigned() || value->get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
  if (!fits || value->get<int64_t>() < min || value->get<int64_t>() > max) {
    refuse_field(name,
                 "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return value->get<int64_t>();
}

double Fields::number(std::string_view name, double min, double max) const {
  const std::optional<double> value = optional_number(name, min, max);
  if (!value) refuse_field(name, "must be a number");
  return *value;
}

std::optional<double> Fields::optional_number(std::string_view name, double min, double max) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_number()) refuse_field(name, "must be a number");
  const double number = value->get<double>();
  if (number < min || number > max) {
    refuse_field(name, "must be a number from " + dump(Json(min)) + " to " + dump(Json(max)));
  }
  return number;
}

bool Fields::boolean(std::string_view name, bool fallback) const {
  return optional_boolean(name).value_or(fallback);
}

std::optional<bool> Fields::optional_boolean(std::string_view name) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) refuse_field(name, "must be true or false");
  return value->get<bool>();
}

std::optional<std::string> Fields::optional_object_text(std::string_view name,
                                                        size_t bytes_max) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_object()) refuse_field(name, "must be a JSON object");
  return optional_json_text(name, bytes_max);
}

std::optional<std::string> Fields::optional_array_text(std::string_view name,
                                                       size_t bytes_max) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_array()) refuse_field(name, "must be a JSON array");
  return optional_json_text(name, bytes_max);
}

std::optional<std::string> Fields::optional_json_text(std::string_view name,
                                                      size_t bytes_max) const {
  const Json* value = find_raw(name);
  if (!value) return std::nullopt;
  std::string text = checked_text(name, *value, bytes_max);
  // The dump writes U+0000 only as this escape; the check tells it from an escaped backslash.
  if (text.find("\\u0000") != std::string::npos &&
      !check_json(text, JsonLimits{.depth_max = kJsonDepthCeiling, .nul = NulEscape::refuse})) {
    refuse_field(name, "must not contain control characters");
  }
  return text;
}

std::vector<std::string> Fields::string_list(std::string_view name, size_t items_max,
                                             size_t max_chars) const {
  std::vector<std::string> list;
  const Json* value = find(name);
  if (!value) return list;
  for (const Json& item : checked_array(name, *value, items_max)) {
    if (!item.is_string()) refuse_field(name, "must be an array of strings");
    list.push_back(checked_string(name, item, 0, max_chars));
  }
  return list;
}

std::vector<Uuid> Fields::uuid_list(std::string_view name, size_t items_max) const {
  std::vector<Uuid> list;
  const Json* value = find(name);
  if (!value) return list;
  for (const Json& item : checked_array(name, *value, items_max)) {
    list.push_back(checked_uuid(name, item, "must be an array of UUIDs"));
  }
  return list;
}

std::optional<Fields> Fields::optional_object(std::string_view name) const {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_object()) refuse_field(name, "must be a JSON object");
  // Shares the ownership of the whole, points at the part.
  return Fields(std::shared_ptr<const Json>(object_, value));
}

std::vector<Fields> Fields::object_list(std::string_view name, size_t items_max) const {
  std::vector<Fields> list;
  const Json* value = find(name);
  if (!value) return list;
  for (const Json& item : checked_array(name, *value, items_max)) {
    if (!item.is_object()) refuse_field(name, "must be an array of objects");
    list.push_back(Fields(std::shared_ptr<const Json>(object_, &item)));
  }
  return list;
}

std::string Fields::text() const { return dump(*object_); }

}  // namespace chatpad::wire

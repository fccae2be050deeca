// Fields: the JSON object a caller sent, read field by field.
//
//   const Fields fields = Fields::parse(body).or_raise();
//   const Uuid agent_id = fields.uuid("agentId");
//   const std::string message = fields.string("message", 1, 8000);
//
// For HTTP handlers and realtime payloads; no json.hpp needed. Fields::parse gives Errc::bad_json
// when the text is not a JSON object. Every getter raises Errc::validation_failed whose `details`
// is the field's name and whose message is a sentence naming it. null counts as absent; a value of
// another type is an error; unknown fields are ignored. Lengths count Unicode code points. Strings
// holding NUL or another C0 control except \n, \r and \t are refused everywhere, nested JSON text
// may not hold U+0000. Values are not trimmed or folded. Copies share the parsed object.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {

constexpr size_t kEmailBytesMax = 254;  // RFC 5321, 4.5.3.1.3 (path without its brackets)

// local@domain: one @, no blanks or controls, a dotted domain. Not a proof that mail arrives.
bool is_email(std::string_view text);

class Fields {
 public:
  static Result<Fields> parse(std::string_view body, JsonLimits limits = {});

  // True when the field is there, null included: for "set to null" in updates.
  bool present(std::string_view name) const;
  // True when the field is there and not null.
  bool has(std::string_view name) const;

  Uuid uuid(std::string_view name) const;
  std::optional<Uuid> optional_uuid(std::string_view name) const;

  std::string string(std::string_view name, size_t min_chars, size_t max_chars) const;
  std::optional<std::string> optional_string(std::string_view name, size_t max_chars) const;
  std::string email(std::string_view name) const;
  std::optional<std::string> optional_email(std::string_view name) const;
  // One of a closed list.
  std::string choice(std::string_view name, std::initializer_list<std::string_view> list) const;
  std::optional<std::string> optional_choice(std::string_view name,
                                             std::initializer_list<std::string_view> list) const;

  int64_t integer(std::string_view name, int64_t min, int64_t max) const;
  std::optional<int64_t> optional_integer(std::string_view name, int64_t min, int64_t max) const;
  double number(std::string_view name, double min, double max) const;
  std::optional<double> optional_number(std::string_view name, double min, double max) const;
  bool boolean(std::string_view name, bool fallback) const;
  std::optional<bool> optional_boolean(std::string_view name) const;

  // The JSON text of a nested object or array, for a jsonb parameter.
  std::optional<std::string> optional_object_text(std::string_view name, size_t bytes_max) const;
  std::optional<std::string> optional_array_text(std::string_view name, size_t bytes_max) const;
  // JSON text of any value, null included; nullopt when absent.
  std::optional<std::string> optional_json_text(std::string_view name, size_t bytes_max) const;

  std::vector<std::string> string_list(std::string_view name, size_t items_max,
                                       size_t max_chars) const;  // empty when absent
  std::vector<Uuid> uuid_list(std::string_view name, size_t items_max) const;

  std::optional<Fields> optional_object(std::string_view name) const;
  // Every element must be an object; empty when absent.
  std::vector<Fields> object_list(std::string_view name, size_t items_max) const;

  // The whole object as JSON text.
  std::string text() const;

 private:
  explicit Fields(std::shared_ptr<const Json> object) : object_(std::move(object)) {}
  const Json* find(std::string_view name) const;      // nullptr when absent or null
  const Json* find_raw(std::string_view name) const;  // nullptr when absent

  std::shared_ptr<const Json> object_;
};

// Raises Errc::validation_failed for a rule a handler checks itself: details = name, and the
// sentence "<name> <rule>." The rule starts with "must".
[[noreturn]] void refuse_field(std::string_view name, std::string_view rule);

}  // namespace chatpad::wire

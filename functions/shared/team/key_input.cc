#include "functions/shared/team/key_input.h"

#include <algorithm>
#include <array>

#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kTimeCharsMax = 40;

// The closed list; a constraint of public.api_keys holds the same.
constexpr std::array<std::string_view, 11> kScopes = {
    "agents:read",        "agents:write",        "analytics:read", "chat:write",
    "conversations:read", "conversations:write", "knowledge:read", "knowledge:write",
    "leads:read",         "leads:write",         "webhooks:write"};

std::string read_scopes(const wire::Fields& fields) {
  const std::vector<std::string> scopes = fields.string_list("scopes", kKeyScopesMax, 100);
  if (scopes.empty()) wire::refuse_field("scopes", "must name at least one scope");
  wire::JsonWriter out;
  out.array();
  for (const std::string& scope : scopes) {
    if (std::find(kScopes.begin(), kScopes.end(), scope) == kScopes.end()) {
      wire::refuse_field("scopes", "must hold known scopes only");
    }
    out.value(scope);
  }
  out.end();
  return std::move(out).str();
}

// Takes `pattern` off the front, where 0 stands for a digit.
bool take(std::string_view& text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool fits = pattern[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == pattern[i];
    if (!fits) return false;
  }
  text.remove_prefix(pattern.size());
  return true;
}

}  // namespace

bool is_time(std::string_view text) {
  if (!take(text, "0000-00-00T00:00:00")) return false;
  if (take(text, ".0")) {
    while (take(text, "0")) {
    }
  }
  return take(text, "Z") ? text.empty()
                         : ((take(text, "+00:00") || take(text, "-00:00")) && text.empty());
}

std::optional<std::string> read_time(const wire::Fields& fields, std::string_view name) {
  std::optional<std::string> text = fields.optional_string(name, kTimeCharsMax);
  if (text && !is_time(*text)) wire::refuse_field(name, "must be a time as 2027-01-31T12:00:00Z");
  return text;
}

KeyInput read_key(const wire::Fields& fields, std::string_view expires_field,
                  std::string_view rate_field) {
  KeyInput input;
  input.name = fields.string("name", 1, 200);
  input.scopes_json = read_scopes(fields);
  input.expires_at = read_time(fields, expires_field);
  input.rate_per_min = fields.optional_integer(rate_field, 1, kKeyRatePerMinMax);
  return input;
}

}  // namespace chatpad::functions

#include "functions/shared/team/audit_filters.h"

#include <charconv>

#include "functions/shared/team/key_input.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr std::string_view kTexts[] = {"tenant_id",   "actor", "action", "resource",
                                       "resource_id", "from",  "to",     "cursor"};

}  // namespace

wire::Fields audit_query(const edge::Call& call) {
  wire::JsonWriter out;
  out.object();
  for (const std::string_view name : kTexts) {
    const std::optional<std::string> value = call.query(name);
    if (value && !value->empty()) out.field(name, *value);
  }
  const std::optional<std::string> limit = call.query("limit");
  if (limit) {
    int64_t number = 0;
    const char* const end = limit->data() + limit->size();
    const auto [stop, error] = std::from_chars(limit->data(), end, number);
    if (error != std::errc() || stop != end) wire::refuse_field("limit", "must be a whole number");
    out.field("limit", number);
  }
  out.end();
  return wire::Fields::parse(out.view()).or_raise();
}

std::optional<Uuid> audit_account(const edge::Call& call, const wire::Fields& fields) {
  const std::optional<Uuid> named = fields.optional_uuid("tenant_id");
  return named ? named : Uuid::parse(call.caller().subject);
}

std::string read_audit_filters(const wire::Fields& fields) {
  wire::JsonWriter out;
  out.object();
  for (const std::string_view name : {"actor", "resource_id"}) {
    const std::optional<Uuid> id = fields.optional_uuid(name);
    if (id) out.field(name, *id);
  }
  for (const std::string_view name : {"action", "resource"}) {
    const std::optional<std::string> text = fields.optional_string(name, 100);
    if (text) out.field(name, *text);
  }
  for (const std::string_view name : {"from", "to"}) {
    const std::optional<std::string> time = read_time(fields, name);
    if (time) out.field(name, *time);
  }
  out.end();
  return std::move(out).str();
}

}  // namespace chatpad::functions

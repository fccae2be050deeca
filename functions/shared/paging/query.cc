#include "functions/shared/paging/query.h"

#include <charconv>

#include "runtime/wire/json.h"

namespace chatpad::functions {

Uuid id_of_path(const edge::Call& call) {
  const auto id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::not_found);
  return *id;
}

wire::Fields query_fields(const edge::Call& call, std::initializer_list<std::string_view> names) {
  wire::JsonWriter out;
  out.object();
  for (const std::string_view name : names) {
    const std::optional<std::string> value = call.query(name);
    if (!value || value->empty()) continue;
    if (name != "limit" && name != "after_seq") {
      out.field(name, *value);
      continue;
    }
    int64_t number = 0;
    const char* const end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || stop != end) wire::refuse_field(name, "must be a whole number");
    out.field(name, number);
  }
  out.end();
  return wire::Fields::parse(out.view()).or_raise();
}

}  // namespace chatpad::functions

// value_json: a value in PostgreSQL's text form to the JSON that to_jsonb(value) gives. Pure.
//
// Numbers, booleans and JSON stay what they are, arrays and composites nest, timestamps get their T
// and zone, everything else is a string. Text that does not parse as its type says becomes a
// string. Expects DateStyle ISO and TimeZone UTC.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "realtime/changes/column_type.h"

namespace chatpad::realtime {

void append_value_json(std::string& out, const ColumnType& type, std::string_view text);

// The element texts of an array literal of any number of dimensions, one level of braces undone; a
// nested array stays a literal. False when it is no array literal.
struct ArrayItem {
  std::string text;
  bool is_null = false;
  bool is_nested = false;
};
bool split_array(std::string_view literal, char delimiter, std::vector<ArrayItem>& items);
// The field texts of a composite literal. False when it is none.
bool split_composite(std::string_view literal, std::vector<ArrayItem>& fields);

}  // namespace chatpad::realtime

#include "realtime/changes/value_json.h"

#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The grammar of RFC 8259 for numbers: NaN, Infinity and leading zeros are none.
bool is_json_number(std::string_view text) {
  size_t i = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  const bool zero = i < text.size() && text[i] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// "2026-11-20 10:11:12.3+00" to "2026-11-20T10:11:12.3+00:00"; infinity has no space and stays.
void append_timestamp(std::string& out, std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return wire::append_json_string(out, text);
  std::string iso(text);
  iso[space] = 'T';
  const size_t era = iso.find(" BC");
  const size_t end = era == std::string::npos ? iso.size() : era;
  const size_t sign = iso.find_first_of("+-", space);
  if (sign != std::string::npos && sign + 3 == end) iso.insert(end, ":00");
  wire::append_json_string(out, iso);
}

void append_array(std::string& out, const ColumnType& type, std::string_view text, int depth);

void append_value(std::string& out, const ColumnType& type, std::string_view text, int depth) {
  switch (type.kind) {
    case TypeKind::boolean:
      out += text == "t" || text == "true" ? "true" : "false";
      return;
    case TypeKind::integer:
    case TypeKind::floating:
    case TypeKind::numeric:
      if (!is_json_number(text)) return wire::append_json_string(out, text);
      out += text;
      return;
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return append_timestamp(out, text);
    case TypeKind::json:
      out += text.empty() ? "null" : text;
      return;
    case TypeKind::array:
      return append_array(out, type, text, depth);
    case TypeKind::composite: {
      std::vector<ArrayItem> fields;
      if (depth == 0 || !split_composite(text, fields) || fields.size() != type.fields.size()) {
        return wire::append_json_string(out, text);
      }
      out += '{';
      for (size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) out += ',';
        wire::append_json_string(out, type.fields[i].first);
        out += ':';
        if (fields[i].is_null) {
          out += "null";
        } else {
          append_value(out, *type.fields[i].second, fields[i].text, depth - 1);
        }
      }
      out += '}';
      return;
    }
    default:
      return wire::append_json_string(out, text);
  }
}

void append_array(std::string& out, const ColumnType& type, std::string_view text, int depth) {
  std::vector<ArrayItem> items;
  if (depth == 0 || !type.element || !split_array(text, type.delimiter, items)) {
    return wire::append_json_string(out, text);
  }
  out += '[';
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    if (items[i].is_null) {
      out += "null";
    } else if (items[i].is_nested) {
      append_array(out, type, items[i].text, depth - 1);
    } else {
      append_value(out, *type.element, items[i].text, depth - 1);
    }
  }
  out += ']';
}

// Takes one item up to its delimiter or the end of `rest`; composite literals double their quotes.
bool take_item(std::string_view& rest, char delimiter, bool in_array, ArrayItem& item) {
  item = ArrayItem();
  if (in_array && rest.starts_with('{')) {
    int open = 0;
    bool quoted = false;
    size_t i = 0;
    for (; i < rest.size(); ++i) {
      if (rest[i] == '\\') {
        ++i;
        continue;
      }
      if (rest[i] == '"') quoted = !quoted;
      if (quoted) continue;
      if (rest[i] == '{') ++open;
      if (rest[i] == '}' && --open == 0) break;
    }
    if (i >= rest.size()) return false;
    item.is_nested = true;
    item.text = rest.substr(0, i + 1);
    rest.remove_prefix(i + 1);
    return rest.empty() || rest[0] == delimiter;
  }
  bool was_quoted = false;
  bool quoted = false;
  while (!rest.empty() && (quoted || rest[0] != delimiter)) {
    if (rest[0] == '\\') {
      rest.remove_prefix(1);
      if (rest.empty()) return false;
    } else if (rest[0] == '"') {
      if (quoted && !in_array && rest.size() > 1 && rest[1] == '"') {
        rest.remove_prefix(1);
      } else {
        quoted = !quoted;
        was_quoted = true;
        rest.remove_prefix(1);
        continue;
      }
    }
    item.text += rest[0];
    rest.remove_prefix(1);
  }
  if (quoted) return false;
  item.is_null = !was_quoted && (in_array ? item.text == "NULL" : item.text.empty());
  return true;
}

bool split(std::string_view inside, char delimiter, bool in_array, std::vector<ArrayItem>& items) {
  for (;;) {
    ArrayItem item;
    if (!take_item(inside, delimiter, in_array, item)) return false;
    items.push_back(std::move(item));
    if (inside.empty()) return true;
    inside.remove_prefix(1);
  }
}

}  // namespace

TypeKind type_kind(uint32_t base_oid, char typtype, char category) {
  switch (base_oid) {
    case 16:
      return TypeKind::boolean;
    case 20:
    case 21:
    case 23:
      return TypeKind::integer;
    case 700:
    case 701:
      return TypeKind::floating;
    case 1700:
      return TypeKind::numeric;
    case 19:
    case 25:
    case 1043:
      return TypeKind::text;
    case 1042:
      return TypeKind::padded_text;
    case 2950:
      return TypeKind::uuid;
    case 1082:
      return TypeKind::date;
    case 1114:
      return TypeKind::timestamp;
    case 1184:
      return TypeKind::timestamptz;
    case 114:
    case 3802:
      return TypeKind::json;
    default:
      break;
  }
  if (category == 'A') return TypeKind::array;
  if (typtype == 'c') return TypeKind::composite;
  return typtype == 'e' ? TypeKind::label : TypeKind::other;
}

void append_value_json(std::string& out, const ColumnType& type, std::string_view text) {
  append_value(out, type, text, kTypeDepthMax);
}

bool split_array(std::string_view literal, char delimiter, std::vector<ArrayItem>& items) {
  // [2:3]={a,b}: the bounds do not show in JSON.
  if (literal.starts_with('[')) {
    const size_t equals = literal.find('=');
    if (equals == std::string_view::npos) return false;
    literal.remove_prefix(equals + 1);
  }
  if (literal.size() < 2 || literal.front() != '{' || literal.back() != '}') return false;
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  return inside.empty() || split(inside, delimiter, true, items);
}

bool split_composite(std::string_view literal, std::vector<ArrayItem>& fields) {
  if (literal.size() < 2 || literal.front() != '(' || literal.back() != ')') return false;
  return split(literal.substr(1, literal.size() - 2), ',', false, fields);
}

}  // namespace chatpad::realtime

#include "realtime/protocol/json_slice.h"

#include "runtime/wire/utf8.h"

namespace chatpad::realtime {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

void skip_space(std::string_view& text) {
  size_t i = 0;
  while (i < text.size() && is_space(text[i])) ++i;
  text.remove_prefix(i);
}

// Bytes of the string that starts at text[0] == '"', quotes included.
size_t string_bytes(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

size_t value_bytes(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '"') return string_bytes(text);
  if (text[0] != '{' && text[0] != '[') {
    size_t i = 0;
    while (i < text.size() && text[i] != ',' && text[i] != '}' && text[i] != ']' &&
           !is_space(text[i])) {
      ++i;
    }
    return i;
  }
  size_t depth = 0;
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '"') {
      i += string_bytes(text.substr(i));
      continue;
    }
    ++i;
    if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i;
    }
  }
  return text.size();
}

std::string_view take_value(std::string_view& text) {
  skip_space(text);
  const std::string_view value = text.substr(0, value_bytes(text));
  text.remove_prefix(value.size());
  return value;
}

unsigned hex4(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    const unsigned digit =
        c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a') + 10;
    value = value * 16 + (digit & 15);
  }
  return value;
}

// Appends the character of the escape at `inside[i]` (behind the backslash); returns its length.
size_t append_escape(std::string& out, std::string_view inside, size_t i) {
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kValues = "\b\f\n\r\t";
  if (inside[i] != 'u') {
    const size_t at = kNames.find(inside[i]);
    out += at == std::string_view::npos ? inside[i] : kValues[at];
    return 1;
  }
  unsigned code = hex4(inside.substr(i + 1, 4));
  size_t used = 5;
  if (code >= 0xD800 && code < 0xDC00 && i + 11 <= inside.size()) {
    code = 0x10000 + ((code - 0xD800) << 10) + ((hex4(inside.substr(i + 7, 4)) - 0xDC00) & 0x3FF);
    used = 11;
  }
  wire::append_utf8(out, code);
  return used;
}

std::string unescape(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  size_t i = 0;
  while (i < inside.size()) {
    if (inside[i] != '\\' || i + 1 >= inside.size()) {
      out += inside[i++];
      continue;
    }
    i += 1 + append_escape(out, inside, i + 1);
  }
  return out;
}

}  // namespace

JsonKind json_kind(std::string_view value) {
  if (value.empty()) return JsonKind::none;
  switch (value[0]) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return JsonKind::number;
  }
}

JsonItems::JsonItems(std::string_view container) : rest_(container) {
  skip_space(rest_);
  const JsonKind kind = json_kind(rest_);
  object_ = kind == JsonKind::object;
  if (kind != JsonKind::object && kind != JsonKind::array) rest_ = {};
}

bool JsonItems::next() {
  // What stands here is the opening bracket, the comma behind an item, or the closing bracket.
  skip_space(rest_);
  if (rest_.empty()) return false;
  const char mark = rest_[0];
  if (mark != '{' && mark != '[' && mark != ',') return false;
  rest_.remove_prefix(1);
  skip_space(rest_);
  if (rest_.empty() || rest_[0] == '}' || rest_[0] == ']') {
    rest_ = {};
    return false;
  }
  if (object_) {
    const std::string_view quoted = take_value(rest_);
    key_ = quoted.size() >= 2 ? quoted.substr(1, quoted.size() - 2) : std::string_view();
    if (key_.find('\\') != std::string_view::npos) {
      key_store_ = unescape(key_);
      key_ = key_store_;
    }
    skip_space(rest_);
    if (!rest_.empty()) rest_.remove_prefix(1);  // the colon
  }
  value_ = take_value(rest_);
  return true;
}

std::optional<std::string> json_text(std::string_view value) {
  if (value.size() < 2 || value[0] != '"') return std::nullopt;
  return unescape(value.substr(1, value.size() - 2));
}

std::string_view json_member(std::string_view object, std::string_view key) {
  skip_space(object);
  if (json_kind(object) != JsonKind::object) return {};
  std::string_view found;
  JsonItems items(object);
  while (items.next()) {
    if (items.key() == key) found = items.value();
  }
  return found;
}

}  // namespace chatpad::realtime

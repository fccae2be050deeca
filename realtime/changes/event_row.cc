#include "realtime/changes/event_row.h"

#include <charconv>

namespace chatpad::realtime {
namespace {

using pg::pgoutput::Kind;
using pg::pgoutput::Relation;
using pg::pgoutput::Tuple;

// Empty for NULL and for columns the table does not have.
std::string_view text_of(const Relation& relation, const Tuple& row, std::string_view name) {
  const int at = relation.column(name);
  if (at < 0 || static_cast<size_t>(at) >= row.size()) return {};
  const auto& value = row[static_cast<size_t>(at)];
  return value.kind == Kind::text ? value.text : std::string_view();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes one element from the front of `rest`, up to its comma or the end.
bool take_element(std::string_view& rest, std::string& out, bool& quoted) {
  out.clear();
  quoted = !rest.empty() && rest[0] == '"';
  if (!quoted) {
    const size_t end = std::min(rest.find(','), rest.size());
    out = rest.substr(0, end);
    rest.remove_prefix(end);
    return !out.empty() && out.find_first_of("{}\"\\") == std::string::npos;
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest[0] != '"') {
    if (rest[0] == '\\') rest.remove_prefix(1);
    if (rest.empty()) return false;
    out += rest[0];
    rest.remove_prefix(1);
  }
  if (rest.empty()) return false;
  rest.remove_prefix(1);
  return rest.empty() || rest[0] == ',';
}

}  // namespace

std::optional<std::vector<std::string>> parse_text_array(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '{' || literal.back() != '}') return std::nullopt;
  std::string_view rest = literal.substr(1, literal.size() - 2);
  std::vector<std::string> elements;
  if (rest.empty()) return elements;
  for (;;) {
    std::string element;
    bool quoted = false;
    if (!take_element(rest, element, quoted)) return std::nullopt;
    if (quoted || element != "NULL") elements.push_back(std::move(element));
    if (rest.empty()) return elements;
    rest.remove_prefix(1);
  }
}

std::optional<std::string> parse_bytea(std::string_view literal) {
  if (!literal.starts_with("\\x") || literal.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(literal.size() / 2);
  for (size_t i = 2; i < literal.size(); i += 2) {
    const int high = hex_digit(literal[i]);
    const int low = hex_digit(literal[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::optional<edge::DurableEvent> event_of_row(const Relation& relation, const Tuple& row) {
  if (text_of(relation, row, "extension") != "broadcast") return std::nullopt;
  edge::DurableEvent event;
  event.topic = text_of(relation, row, "topic");
  event.event = text_of(relation, row, "event");
  if (event.topic.empty() || event.event.empty()) return std::nullopt;
  event.id = text_of(relation, row, "id");
  event.payload_json = text_of(relation, row, "payload");
  event.xid = text_of(relation, row, "xid");
  event.horizon = text_of(relation, row, "horizon");
  // A row that does not say is not for everybody.
  event.is_private = text_of(relation, row, "private") != "f";
  const std::string_view seq = text_of(relation, row, "seq");
  std::from_chars(seq.data(), seq.data() + seq.size(), event.seq);
  const std::string_view bytes = text_of(relation, row, "binary_payload");
  if (!bytes.empty()) event.binary_payload = parse_bytea(bytes).value_or(std::string());
  const std::string_view also = text_of(relation, row, "also_topics");
  if (!also.empty()) {
    event.also_topics = parse_text_array(also).value_or(std::vector<std::string>());
  }
  return event;
}

}  // namespace chatpad::realtime

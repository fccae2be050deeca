#include "functions/shared/knowledge/groups.h"

#include <algorithm>

namespace chatpad::knowledge {

namespace {

void require_name(const std::string& group, std::string_view field) {
  if (group.empty() || group.find_first_of(",\n\r\t") != std::string::npos) {
    wire::refuse_field(field, "must hold names without commas, tabs and line breaks");
  }
}

}  // namespace

std::vector<std::string> read_groups(const wire::Fields& fields, std::string_view name) {
  std::vector<std::string> groups = fields.string_list(name, kGroupsMax, kGroupCharsMax);
  for (const std::string& group : groups) require_name(group, name);
  return groups;
}

std::vector<std::string> split_groups(std::string_view text, std::string_view name) {
  std::vector<std::string> groups;
  while (!text.empty() && groups.size() < kGroupsMax) {
    const std::size_t end = std::min(text.find(','), text.size());
    groups.emplace_back(text.substr(0, end));
    require_name(groups.back(), name);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return groups;
}

std::string group_array(const std::vector<std::string>& groups) {
  std::string literal = "{";
  for (const std::string& group : groups) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : group) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  literal += '}';
  return literal;
}

}  // namespace chatpad::knowledge

// The few things the readers of office files ask of pugixml: names without their prefix, attributes
// likewise, a walk that does not recurse.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "extract/emitter.h"

namespace chatpad::extract {

inline std::string_view local_name(const char* name) {
  const std::string_view all(name);
  const size_t colon = all.rfind(':');
  return colon == std::string_view::npos ? all : all.substr(colon + 1);
}
inline std::string_view local_name(const pugi::xml_node& node) { return local_name(node.name()); }

inline std::string_view attribute(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_attribute& one : node.attributes()) {
    if (local_name(one.name()) == name) return one.value();
  }
  return {};
}

inline pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& one : node.children()) {
    if (local_name(one) == name) return one;
  }
  return {};
}

// Entities that a document declares are not expanded (pugixml has none), and nothing is loaded.
inline void parse_xml(pugi::xml_document& document, std::string_view text) {
  const auto flags = pugi::parse_default | pugi::parse_ws_pcdata;
  if (!document.load_buffer(text.data(), text.size(), flags)) throw Failure("file_damaged");
}

// enter(node) says whether to go below it; leave(node) follows for each that was entered.
template <class Enter, class Leave>
void walk_xml(const pugi::xml_node& root, Enter enter, Leave leave) {
  pugi::xml_node node = root;
  for (;;) {
    if (enter(node) && node.first_child()) {
      node = node.first_child();
      continue;
    }
    leave(node);
    while (node != root && !node.next_sibling()) {
      node = node.parent();
      leave(node);
    }
    if (node == root) return;
    node = node.next_sibling();
  }
}

}  // namespace chatpad::extract

#include "functions/shared/saml/xml.h"

#include <libxml/parser.h>

#include <charconv>
#include <ctime>
#include <optional>

#include "functions/shared/saml/metadata.h"
#include "functions/shared/saml/signature.h"

namespace chatpad::functions::saml {
namespace {

Error refused(const char* why) {
  return Error(Errc::validation_failed, PublicText("This is no SAML document."), LogText(why));
}

std::string_view view(const xmlChar* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

// "<!" begins document types, entities, comments and CDATA, "<?" processing instructions; in a
// well-formed text nothing else is written so.
const char* forbidden(std::string_view text, Xml::Comments comments) {
  if (text.empty() || text.size() > kXmlBytesMax) return "the document is empty or too large";
  if (text.find('\0') != std::string_view::npos) return "the document is not UTF-8";
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.starts_with("<?xml ")) text.remove_prefix(6);
  if (text.find("<?") != std::string_view::npos) return "a processing instruction";
  for (size_t at = text.find("<!"); at != std::string_view::npos; at = text.find("<!", at + 2)) {
    if (comments == Xml::Comments::refuse) return "a document type, an entity, CDATA or a comment";
    if (!text.substr(at).starts_with("<!--")) return "a document type, an entity or CDATA";
  }
  return nullptr;
}

void collect(xmlNode* node, std::string_view space, std::string_view name,
             std::vector<xmlNode*>& found) {
  // Depth is bounded by the parser (256 levels).
  if (is(node, space, name)) found.push_back(node);
  for (xmlNode* child = node->children; child; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) collect(child, space, name, found);
  }
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

Result<Xml> Xml::parse(std::string_view text, Comments comments) {
  start_libraries();
  if (const char* why = forbidden(text, comments)) return refused(why);
  constexpr int kOptions = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
  xmlDoc* doc =
      xmlReadMemory(text.data(), static_cast<int>(text.size()), "saml.xml", "UTF-8", kOptions);
  if (!doc) return refused("the document is not well-formed");
  Xml owned(doc);
  if (doc->intSubset || doc->extSubset || !owned.root()) return refused("a document type");
  return owned;
}

bool is(const xmlNode* node, std::string_view space, std::string_view name) {
  return node && node->type == XML_ELEMENT_NODE && view(node->name) == name && node->ns &&
         view(node->ns->href) == space;
}

std::vector<xmlNode*> children(const xmlNode* parent, std::string_view space,
                               std::string_view name) {
  std::vector<xmlNode*> found;
  for (xmlNode* child = parent ? parent->children : nullptr; child; child = child->next) {
    if (is(child, space, name)) found.push_back(child);
  }
  return found;
}

std::vector<xmlNode*> descendants(xmlNode* node, std::string_view space, std::string_view name) {
  std::vector<xmlNode*> found;
  if (node) collect(node, space, name, found);
  return found;
}

xmlNode* only_child(const xmlNode* parent, std::string_view space, std::string_view name) {
  const std::vector<xmlNode*> found = children(parent, space, name);
  return found.size() == 1 ? found.front() : nullptr;
}

std::string text_of(const xmlNode* node) {
  if (!node || !node->children || node->children->next || node->children->type != XML_TEXT_NODE) {
    return {};
  }
  std::string_view text = view(node->children->content);
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

bool has_attribute(const xmlNode* node, const char* name) {
  return node && xmlHasNsProp(node, reinterpret_cast<const xmlChar*>(name), nullptr);
}

std::string attribute(const xmlNode* node, const char* name) {
  const std::unique_ptr<xmlChar, decltype(xmlFree)> value(
      node ? xmlGetNoNsProp(node, reinterpret_cast<const xmlChar*>(name)) : nullptr, xmlFree);
  return std::string(view(value.get()));
}

std::optional<int64_t> time_of(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z') {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(19, text.size() - 20);
  if (!rest.empty() && (rest.size() < 2 || rest[0] != '.' ||
                        rest.substr(1).find_first_not_of("0123456789") != rest.npos)) {
    return std::nullopt;
  }
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)),
             day = digits(text.substr(8, 2)), hour = digits(text.substr(11, 2)),
             minute = digits(text.substr(14, 2)), second = digits(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second || *year < 1970 || *month < 1 ||
      *month > 12 || *day < 1 || *day > 31 || *hour > 24 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  std::tm when{};
  when.tm_year = *year - 1900;
  when.tm_mon = *month - 1;
  when.tm_mday = *day;
  when.tm_hour = *hour;
  when.tm_min = *minute;
  when.tm_sec = *second;
  return static_cast<int64_t>(timegm(&when));
}

std::string time_text(int64_t at_s) {
  const auto seconds = static_cast<std::time_t>(at_s);
  std::tm when{};
  gmtime_r(&seconds, &when);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &when)};
}

void append_xml(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace chatpad::functions::saml

// XML from outside, as far as SAML needs it: a document that has one reading, and looks at it.
//
//   Result<Xml> doc = Xml::parse(text, Xml::Comments::refuse);
//   const xmlNode* issuer = only_child(doc->root(), kSaml, "Issuer");
//   std::string name = text_of(issuer);
//
// UTF-8 only. No document type, no entities but the five of XML itself, no processing instructions,
// no CDATA, and (in messages) no comments: a text is one text node, whoever reads it. Nothing is
// loaded from anywhere. Depth and size are bounded. libxml2 and libxmlsec1 are included in this
// folder only; everything here may run on any thread.
//
// Errors: validation_failed, the log text says what was found.
#pragma once

#include <libxml/tree.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::functions::saml {

constexpr std::string_view kProtocol = "urn:oasis:names:tc:SAML:2.0:protocol";
constexpr std::string_view kSaml = "urn:oasis:names:tc:SAML:2.0:assertion";
constexpr std::string_view kMetadata = "urn:oasis:names:tc:SAML:2.0:metadata";
constexpr std::string_view kDsig = "http://www.w3.org/2000/09/xmldsig#";

class Xml {
 public:
  enum class Comments : uint8_t { refuse, allow };
  static Result<Xml> parse(std::string_view text, Comments comments);
  xmlNode* root() const { return xmlDocGetRootElement(doc_.get()); }
  xmlDoc* doc() const { return doc_.get(); }

 private:
  struct Free {
    void operator()(xmlDoc* doc) const { xmlFreeDoc(doc); }
  };
  explicit Xml(xmlDoc* doc) : doc_(doc) {}
  std::unique_ptr<xmlDoc, Free> doc_;
};

bool is(const xmlNode* node, std::string_view space, std::string_view name);
std::vector<xmlNode*> children(const xmlNode* parent, std::string_view space,
                               std::string_view name);
// Elements of this name anywhere at or below `node`.
std::vector<xmlNode*> descendants(xmlNode* node, std::string_view space, std::string_view name);
// nullptr when there is none or more than one.
xmlNode* only_child(const xmlNode* parent, std::string_view space, std::string_view name);
// The only text of an element that holds nothing else, blanks around it taken off; empty otherwise.
std::string text_of(const xmlNode* node);
// An attribute without a namespace; empty when absent.
std::string attribute(const xmlNode* node, const char* name);
bool has_attribute(const xmlNode* node, const char* name);

// "2026-11-29T18:57:54Z", fractions allowed; UTC only. nullopt for anything else.
std::optional<int64_t> time_of(std::string_view text);
std::string time_text(int64_t at_s);
void append_xml(std::string& out, std::string_view text);  // escaped, for text and attributes

}  // namespace chatpad::functions::saml

#include "functions/shared/saml/signature.h"

#include <libxml/valid.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>

#include "functions/shared/saml/xml.h"
#include "runtime/base/check.h"

namespace chatpad::functions::saml {
namespace {

constexpr xmlSecSize kRsaKeyBitsMin = 2048;
constexpr xmlSecSize kEcKeyBitsMin = 256;

constexpr std::string_view kSignatureMethods[] = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"};
constexpr std::string_view kDigestMethods[] = {"http://www.w3.org/2001/04/xmlenc#sha256",
                                               "http://www.w3.org/2001/04/xmldsig-more#sha384",
                                               "http://www.w3.org/2001/04/xmlenc#sha512"};
constexpr std::string_view kCanonical[] = {"http://www.w3.org/2001/10/xml-exc-c14n#",
                                           "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"};
constexpr std::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
constexpr std::string_view kExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";

Error refused(const char* why) { return Error(Errc::bad_saml_response, {}, LogText(why)); }

template <size_t N>
bool is_one_of(const std::string_view (&list)[N], std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

// Every child is an element of the named ones, each at most once; blanks are allowed between.
bool holds_only(const xmlNode* parent, std::initializer_list<std::string_view> names) {
  std::set<std::string_view> seen;
  for (const xmlNode* child = parent->children; child; child = child->next) {
    if (child->type == XML_TEXT_NODE && xmlIsBlankNode(child)) continue;
    const auto name = std::find_if(names.begin(), names.end(),
                                   [child](std::string_view one) { return is(child, kDsig, one); });
    if (name == names.end() || !seen.insert(*name).second) return false;
  }
  return true;
}

const char* wrong_transforms(const xmlNode* reference) {
  const xmlNode* transforms = only_child(reference, kDsig, "Transforms");
  if (!transforms) return "a reference has no transforms";
  bool enveloped = false;
  int count = 0;
  for (const xmlNode* child = transforms->children; child; child = child->next) {
    if (child->type == XML_TEXT_NODE && xmlIsBlankNode(child)) continue;
    if (!is(child, kDsig, "Transform") || ++count > 2) return "there are other transforms";
    const std::string algorithm = attribute(child, "Algorithm");
    if (algorithm == kEnveloped) {
      if (enveloped || count == 2 || child->children) return "the transforms are out of order";
      enveloped = true;
      continue;
    }
    if (!is_one_of(kCanonical, algorithm)) return "a transform is not known here";
    for (const xmlNode* inner = child->children; inner; inner = inner->next) {
      const bool blank = inner->type == XML_TEXT_NODE && xmlIsBlankNode(inner);
      if (!blank && !is(inner, kExclusive, "InclusiveNamespaces")) return "a transform holds more";
    }
  }
  return enveloped ? nullptr : "the signature is not taken out of what it signs";
}

// nullptr when the signature has the one shape that is allowed.
const char* wrong_shape(const xmlNode* signature, const xmlNode* signed_element) {
  if (signature->parent != signed_element) return "a signature is not in what it signs";
  if (!holds_only(signature, {"SignedInfo", "SignatureValue", "KeyInfo"})) {
    return "a signature holds more than a signature";
  }
  const xmlNode* info = only_child(signature, kDsig, "SignedInfo");
  if (!info || !holds_only(info, {"CanonicalizationMethod", "SignatureMethod", "Reference"})) {
    return "a signature has not one reference";
  }
  const xmlNode* canonical = only_child(info, kDsig, "CanonicalizationMethod");
  const xmlNode* method = only_child(info, kDsig, "SignatureMethod");
  const xmlNode* reference = only_child(info, kDsig, "Reference");
  if (!canonical || !is_one_of(kCanonical, attribute(canonical, "Algorithm"))) {
    return "the canonicalization is not known here";
  }
  if (!method || method->children ||
      !is_one_of(kSignatureMethods, attribute(method, "Algorithm"))) {
    return "the signature's algorithm is not known here";
  }
  if (!reference || !holds_only(reference, {"Transforms", "DigestMethod", "DigestValue"})) {
    return "a reference has another shape";
  }
  const std::string id = attribute(signed_element, "ID");
  if (id.empty() || attribute(reference, "URI") != "#" + id) {
    return "a reference is not to the element around it";
  }
  const xmlNode* digest = only_child(reference, kDsig, "DigestMethod");
  if (!digest || digest->children || !is_one_of(kDigestMethods, attribute(digest, "Algorithm"))) {
    return "the digest's algorithm is not known here";
  }
  return wrong_transforms(reference);
}

struct FreeKey {
  void operator()(xmlSecKey* key) const { xmlSecKeyDestroy(key); }
};
using OwnedKey = std::unique_ptr<xmlSecKey, FreeKey>;
struct FreeContext {
  void operator()(xmlSecDSigCtx* context) const { xmlSecDSigCtxDestroy(context); }
};

// nullptr for bytes that are no certificate, or one of a weak key.
OwnedKey key_of(const std::string& der) {
  OwnedKey key(xmlSecCryptoAppKeyLoadMemory(reinterpret_cast<const xmlSecByte*>(der.data()),
                                            static_cast<xmlSecSize>(der.size()),
                                            xmlSecKeyDataFormatCertDer, nullptr, nullptr, nullptr));
  xmlSecKeyData* value = key ? xmlSecKeyGetValue(key.get()) : nullptr;
  if (!value) return nullptr;
  const xmlSecSize bits = xmlSecKeyDataGetSize(value);
  const bool rsa = xmlSecKeyDataCheckId(value, xmlSecKeyDataRsaId) && bits >= kRsaKeyBitsMin;
  const bool ec = xmlSecKeyDataCheckId(value, xmlSecKeyDataEcdsaId) && bits >= kEcKeyBitsMin;
  if (!rsa && !ec) return nullptr;
  return key;
}

bool holds(xmlNode* signature, OwnedKey key) {
  const std::unique_ptr<xmlSecDSigCtx, FreeContext> context(xmlSecDSigCtxCreate(nullptr));
  CHECK(context, "memory for a signature");
  context->signKey = key.release();  // the context's from here on
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  return xmlSecDSigCtxVerify(context.get(), signature) == 0 &&
         context->status == xmlSecDSigStatusSucceeded &&
         xmlSecPtrListGetSize(&context->signedInfoReferences) == 1;
}

const char* repeated_id(xmlNode* node, std::set<std::string>& seen) {
  for (const xmlAttr* one = node->properties; one; one = one->next) {
    const std::string_view name(reinterpret_cast<const char*>(one->name));
    if (name != "ID" && name != "Id" && name != "id") continue;
    std::string value;
    if (one->children && one->children->content) {
      value = reinterpret_cast<const char*>(one->children->content);
    }
    if (!seen.insert(value).second) return "two elements have one ID";
  }
  for (xmlNode* child = node->children; child; child = child->next) {
    if (child->type != XML_ELEMENT_NODE) continue;
    if (const char* why = repeated_id(child, seen)) return why;
  }
  return nullptr;
}

void say_nothing(const char*, int, const char*, const char*, const char*, int, const char*) {}

}  // namespace

void start_libraries() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    CHECK(xmlSecInit() == 0 && xmlSecCheckVersion() == 1, "libxmlsec1 starts");
    CHECK(xmlSecCryptoAppInit(nullptr) == 0 && xmlSecCryptoInit() == 0, "libxmlsec1 has OpenSSL");
    xmlSecErrorsSetCallback(say_nothing);  // which OpenSSL's part has just set
  });
}

bool is_usable_certificate(const std::string& der) {
  start_libraries();
  return key_of(der) != nullptr;
}

Result<void> verify_signature(xmlNode* signature, xmlNode* signed_element,
                              const std::vector<std::string>& certificates) {
  if (const char* why = wrong_shape(signature, signed_element)) return refused(why);
  // Keys that a message brings along are not even there to be looked at.
  for (xmlNode* info : children(signature, kDsig, "KeyInfo")) {
    xmlUnlinkNode(info);
    xmlFreeNode(info);
  }
  const std::string id = attribute(signed_element, "ID");
  const auto* name = reinterpret_cast<const xmlChar*>(id.c_str());
  xmlAttr* attr = xmlHasNsProp(signed_element, reinterpret_cast<const xmlChar*>("ID"), nullptr);
  if (!attr || (!xmlGetID(signed_element->doc, name) &&
                !xmlAddID(nullptr, signed_element->doc, name, attr))) {
    return refused("an ID cannot be used");
  }
  const xmlAttr* found = xmlGetID(signed_element->doc, name);
  if (!found || found->parent != signed_element) return refused("an ID leads elsewhere");
  for (const std::string& der : certificates) {
    OwnedKey key = key_of(der);
    if (key && holds(signature, std::move(key))) return {};
  }
  return refused("no key of the provider made this signature");
}

Result<void> require_unique_ids(xmlNode* root) {
  std::set<std::string> seen;
  if (const char* why = repeated_id(root, seen)) return refused(why);
  return {};
}

}  // namespace chatpad::functions::saml

#include "functions/shared/saml/metadata.h"

#include <zlib.h>

#include <algorithm>

#include "functions/shared/saml/signature.h"
#include "functions/shared/saml/xml.h"
#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/url.h"

namespace chatpad::functions::saml {
namespace {

constexpr std::string_view kRedirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
constexpr std::string_view kPostBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
constexpr size_t kEntityIdBytesMax = 1024;  // SAML metadata, 2.2.1

Error lacks(const char* sentence) {
  Error error(Errc::validation_failed, PublicText(sentence));
  error.details = "metadata";
  return error;
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return text;
}

// The certificates that may sign: those of no stated use as well.
std::vector<std::string> signing_certificates(const xmlNode* descriptor) {
  std::vector<std::string> found;
  for (xmlNode* key : children(descriptor, kMetadata, "KeyDescriptor")) {
    const std::string use = attribute(key, "use");
    if (!use.empty() && use != "signing") continue;
    for (const xmlNode* one : descendants(key, kDsig, "X509Certificate")) {
      const auto der = wire::base64_decode(without_blanks(text_of(one)));
      if (der && is_usable_certificate(*der) && found.size() < kCertificatesMax) {
        found.push_back(*der);
      }
    }
  }
  return found;
}

// RFC 1951, without zlib's own head: what the binding asks for.
std::string deflated(std::string_view text) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib starts");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END, "what fits is deflated");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void add_attribute(std::string& xml, std::string_view name, std::string_view value) {
  xml.append(" ").append(name).append("=\"");
  append_xml(xml, value);
  xml += '"';
}

}  // namespace

Result<IdpMetadata> read_idp_metadata(std::string_view text) {
  const Result<Xml> doc = Xml::parse(text, Xml::Comments::allow);
  if (!doc) return lacks("The metadata is no XML document that can be read.");
  const std::vector<xmlNode*> all = descendants(doc->root(), kMetadata, "IDPSSODescriptor");
  if (all.size() != 1) return lacks("The metadata must describe exactly one identity provider.");
  const xmlNode* descriptor = all.front();
  if (!is(descriptor->parent, kMetadata, "EntityDescriptor")) {
    return lacks("The metadata must describe exactly one identity provider.");
  }
  IdpMetadata idp;
  idp.entity_id = attribute(descriptor->parent, "entityID");
  if (idp.entity_id.empty() || idp.entity_id.size() > kEntityIdBytesMax) {
    return lacks("The metadata has no entityID.");
  }
  for (const xmlNode* service : children(descriptor, kMetadata, "SingleSignOnService")) {
    if (attribute(service, "Binding") == kRedirectBinding) {
      idp.sso_url = attribute(service, "Location");
    }
  }
  if (idp.sso_url.empty()) {
    return lacks("The metadata has no SingleSignOnService with the binding HTTP-Redirect.");
  }
  idp.certificates = signing_certificates(descriptor);
  if (idp.certificates.empty()) {
    return lacks("The metadata has no certificate to sign with (RSA from 2048 bits, or ECDSA).");
  }
  return idp;
}

std::string entity_id(const Config& config) {
  return config.public_url + "/auth/v1/sso/saml/metadata";
}
std::string acs_url(const Config& config) { return config.public_url + "/auth/v1/sso/saml/acs"; }

std::vector<std::string> recipients(const Config& config) {
  return {acs_url(config), config.public_url + "/auth/saml/callback"};
}

std::string sp_metadata(const Config& config) {
  std::string xml = R"(<?xml version="1.0" encoding="UTF-8"?>)"
                    "\n<md:EntityDescriptor";
  add_attribute(xml, "xmlns:md", kMetadata);
  add_attribute(xml, "entityID", entity_id(config));
  xml += "><md:SPSSODescriptor";
  add_attribute(xml, "AuthnRequestsSigned", "false");
  add_attribute(xml, "WantAssertionsSigned", "true");
  add_attribute(xml, "protocolSupportEnumeration", kProtocol);
  xml += "><md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>";
  xml +=
      "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>";
  int index = 0;
  for (const std::string& url : recipients(config)) {
    xml += "<md:AssertionConsumerService";
    add_attribute(xml, "Binding", kPostBinding);
    add_attribute(xml, "Location", url);
    add_attribute(xml, "index", std::to_string(++index));
    if (index == 1) add_attribute(xml, "isDefault", "true");
    xml += "/>";
  }
  return xml + "</md:SPSSODescriptor></md:EntityDescriptor>\n";
}

std::string request_url(const Config& config, const RequestParts& parts) {
  std::string xml = "<samlp:AuthnRequest";
  add_attribute(xml, "xmlns:samlp", kProtocol);
  add_attribute(xml, "xmlns:saml", kSaml);
  add_attribute(xml, "ID", parts.request_id);
  add_attribute(xml, "Version", "2.0");
  add_attribute(xml, "IssueInstant", time_text(parts.now_s));
  add_attribute(xml, "Destination", parts.sso_url);
  add_attribute(xml, "AssertionConsumerServiceURL", acs_url(config));
  add_attribute(xml, "ProtocolBinding", kPostBinding);
  xml += "><saml:Issuer>";
  append_xml(xml, entity_id(config));
  xml += "</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"";
  if (!parts.name_id_format.empty()) add_attribute(xml, "Format", parts.name_id_format);
  xml += "/></samlp:AuthnRequest>";
  return parts.sso_url + (parts.sso_url.find('?') == std::string::npos ? "?" : "&") +
         "SAMLRequest=" + wire::percent_encode(wire::base64_encode(deflated(xml))) +
         "&RelayState=" + wire::percent_encode(parts.relay_state);
}

}  // namespace chatpad::functions::saml

#include "functions/shared/saml/response.h"

#include <algorithm>
#include <initializer_list>

#include "functions/shared/saml/signature.h"
#include "functions/shared/saml/xml.h"

namespace chatpad::functions::saml {
namespace {

constexpr std::string_view kSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success";
constexpr std::string_view kBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
constexpr std::string_view kTransient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
constexpr std::string_view kEmail = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

// Thrown inside this file only.
struct Refused {
  Errc errc;
  std::string why;
};
[[noreturn]] void refuse(std::string why) {
  throw Refused{Errc::bad_saml_response, std::move(why)};
}

bool is_one_of(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

int64_t required_time(const xmlNode* node, const char* name) {
  const auto at = time_of(attribute(node, name));
  if (!at) refuse(std::string(name) + " is missing or no time");
  return *at;
}

// Times that may be left out, but not be wrong.
void check_window(const xmlNode* node, const ResponseRules& rules) {
  if (has_attribute(node, "NotBefore") &&
      required_time(node, "NotBefore") > rules.now_s + kSamlSkewS) {
    refuse("the assertion counts later");
  }
  if (has_attribute(node, "NotOnOrAfter") &&
      required_time(node, "NotOnOrAfter") <= rules.now_s - kSamlSkewS) {
    refuse("the assertion has expired");
  }
}

void check_envelope(const xmlNode* response, const ResponseRules& rules) {
  if (!is(response, kProtocol, "Response") || attribute(response, "Version") != "2.0") {
    refuse("this is no response of SAML 2.0");
  }
  if (attribute(response, "InResponseTo") != rules.request_id) {
    refuse("the response does not answer the request of this flow");
  }
  if (has_attribute(response, "Destination") &&
      !is_one_of(rules.recipients, attribute(response, "Destination"))) {
    refuse("the response was sent somewhere else");
  }
  const std::vector<xmlNode*> issuers = children(response, kSaml, "Issuer");
  if (issuers.size() > 1 || (issuers.size() == 1 && text_of(issuers.front()) != rules.idp)) {
    refuse("the response has another issuer");
  }
  const xmlNode* code =
      only_child(only_child(response, kProtocol, "Status"), kProtocol, "StatusCode");
  if (attribute(code, "Value") != kSuccess) {
    refuse("the provider's status is " + attribute(code, "Value").substr(0, 200));
  }
}

// The one assertion, after every signature of the document was looked at.
xmlNode* signed_assertion(xmlNode* response, const ResponseRules& rules) {
  if (!descendants(response, kSaml, "EncryptedAssertion").empty()) {
    refuse("an encrypted assertion");
  }
  const std::vector<xmlNode*> assertions = descendants(response, kSaml, "Assertion");
  if (assertions.size() != 1 || assertions.front()->parent != response) {
    refuse("there is not exactly one assertion in its place");
  }
  xmlNode* assertion = assertions.front();
  const std::vector<xmlNode*> signatures = descendants(response, kDsig, "Signature");
  const std::vector<xmlNode*> of_response = children(response, kDsig, "Signature");
  const std::vector<xmlNode*> of_assertion = children(assertion, kDsig, "Signature");
  if (signatures.empty()) refuse("nothing is signed");
  if (of_response.size() > 1 || of_assertion.size() > 1 ||
      signatures.size() != of_response.size() + of_assertion.size()) {
    refuse("a signature stands where none belongs");
  }
  if (const auto unique = require_unique_ids(response); !unique) refuse(unique.error().cause.value);
  for (xmlNode* signature : signatures) {
    const auto held = verify_signature(signature, signature->parent, rules.certificates);
    if (!held) refuse(held.error().cause.value);
  }
  return assertion;
}

void check_conditions(const xmlNode* assertion, const ResponseRules& rules) {
  const xmlNode* conditions = only_child(assertion, kSaml, "Conditions");
  if (!conditions) refuse("there are no conditions");
  check_window(conditions, rules);
  const auto restrictions = children(conditions, kSaml, "AudienceRestriction");
  if (restrictions.empty()) refuse("the assertion names no audience");
  for (const xmlNode* restriction : restrictions) {
    const auto audiences = children(restriction, kSaml, "Audience");
    const bool ours = std::any_of(audiences.begin(), audiences.end(), [&](const xmlNode* one) {
      return text_of(one) == rules.audience;
    });
    if (!ours) refuse("the assertion is for another audience");
  }
}

// How long a bearer of the assertion may present it here; 0: not at all.
int64_t confirmed_until(const xmlNode* confirmation, const ResponseRules& rules) {
  if (attribute(confirmation, "Method") != kBearer) return 0;
  const xmlNode* data = only_child(confirmation, kSaml, "SubjectConfirmationData");
  if (!data || !is_one_of(rules.recipients, attribute(data, "Recipient"))) return 0;
  if (attribute(data, "InResponseTo") != rules.request_id) return 0;
  const int64_t until = required_time(data, "NotOnOrAfter");
  if (until <= rules.now_s - kSamlSkewS) return 0;
  check_window(data, rules);
  return until;
}

void read_subject(const xmlNode* assertion, const ResponseRules& rules, SamlPerson& who) {
  const xmlNode* subject = only_child(assertion, kSaml, "Subject");
  const xmlNode* name = only_child(subject, kSaml, "NameID");
  who.name_id = text_of(name);
  const std::string format = attribute(name, "Format");
  if (who.name_id.empty() || who.name_id.size() > kAttributeBytesMax || format == kTransient) {
    throw Refused{Errc::saml_assertion_no_user_id, "the assertion names nobody for good"};
  }
  who.name_id_is_email = format == kEmail;
  for (const xmlNode* one : children(subject, kSaml, "SubjectConfirmation")) {
    who.not_on_or_after_s = std::max(who.not_on_or_after_s, confirmed_until(one, rules));
  }
  if (who.not_on_or_after_s == 0) refuse("no confirmation of the subject is for us and in time");
}

void check_sign_in(const xmlNode* assertion, const ResponseRules& rules) {
  const auto statements = children(assertion, kSaml, "AuthnStatement");
  if (statements.empty()) refuse("the assertion does not say that somebody signed in");
  for (const xmlNode* one : statements) {
    if (has_attribute(one, "SessionNotOnOrAfter") &&
        required_time(one, "SessionNotOnOrAfter") <= rules.now_s - kSamlSkewS) {
      refuse("the session at the provider is over");
    }
  }
}

void read_attributes(const xmlNode* assertion, SamlPerson& who) {
  size_t count = 0;
  for (const xmlNode* statement : children(assertion, kSaml, "AttributeStatement")) {
    for (const xmlNode* one : children(statement, kSaml, "Attribute")) {
      for (const xmlNode* value : children(one, kSaml, "AttributeValue")) {
        std::string text = text_of(value);
        if (text.empty() || text.size() > kAttributeBytesMax) continue;
        if (++count > kAttributesMax) return;
        who.attributes[attribute(one, "Name")].push_back(std::move(text));
      }
    }
  }
}

SamlPerson read(const Xml& doc, const ResponseRules& rules) {
  xmlNode* response = doc.root();
  check_envelope(response, rules);
  const xmlNode* assertion = signed_assertion(response, rules);
  if (attribute(assertion, "Version") != "2.0" ||
      text_of(only_child(assertion, kSaml, "Issuer")) != rules.idp) {
    refuse("the assertion is from another issuer");
  }
  SamlPerson who;
  who.assertion_id = attribute(assertion, "ID");
  if (who.assertion_id.empty()) refuse("the assertion has no ID");
  check_conditions(assertion, rules);
  read_subject(assertion, rules, who);
  check_sign_in(assertion, rules);
  read_attributes(assertion, who);
  return who;
}

}  // namespace

std::string SamlPerson::first(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const auto found = attributes.find(std::string(name));
    if (found != attributes.end() && !found->second.empty()) return found->second.front();
  }
  return {};
}

Result<SamlPerson> read_response(std::string_view xml, const ResponseRules& rules) {
  const Result<Xml> doc = Xml::parse(xml, Xml::Comments::refuse);
  if (!doc) return Error(Errc::bad_saml_response, {}, LogText(doc.error().cause.value));
  try {
    return read(*doc, rules);
  } catch (const Refused& refused) {
    return Error(refused.errc, {}, LogText(refused.why));
  }
}

}  // namespace chatpad::functions::saml

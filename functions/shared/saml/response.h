// SAML 2.0 responses (SAML profiles, 4.1.4; the HTTP POST binding): who an identity provider says
// somebody is. Pure and blocking: for a worker thread.
//
//   Result<SamlPerson> who = read_response(xml, rules);
//
// Read is only what was signed: the assertion by its own signature, or the whole response. There is
// exactly one assertion, in its one place; signatures stand only where they belong; IDs are unique.
// The response answers the request of this flow (InResponseTo), is for us (Destination, Recipient,
// Audience) and in time, with kSamlSkewS for clocks. Unasked (IdP-initiated) and encrypted
// assertions are refused.
//
// Errors: bad_saml_response with the rule in the log text; saml_assertion_no_user_id.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::functions::saml {

constexpr int64_t kSamlSkewS = 60;
constexpr size_t kAttributesMax = 200;
constexpr size_t kAttributeBytesMax = 4096;

struct ResponseRules {
  std::string idp;                        // its entity id
  std::vector<std::string> certificates;  // DER
  std::string audience;                   // our entity id
  std::vector<std::string> recipients;    // where responses may be posted to
  std::string request_id;
  int64_t now_s = 0;
};

struct SamlPerson {
  std::string name_id;
  bool name_id_is_email = false;
  std::string assertion_id;
  int64_t not_on_or_after_s = 0;
  std::map<std::string, std::vector<std::string>> attributes;

  // The first value of the first of these attributes that has one.
  std::string first(std::initializer_list<std::string_view> names) const;
};

Result<SamlPerson> read_response(std::string_view xml, const ResponseRules& rules);

}  // namespace chatpad::functions::saml

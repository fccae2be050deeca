// SAML metadata (SAML metadata, 2.4): the identity provider's, out of which a provider is set up,
// and our own as a service provider; and the request that a browser carries to the provider
// (SAML bindings, 3.4: HTTP-Redirect).
//
// Errors: validation_failed with a public sentence saying what the metadata lacks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/base/error.h"

namespace chatpad::functions::saml {

constexpr size_t kXmlBytesMax = 512 * 1024;
constexpr size_t kCertificatesMax = 8;

struct IdpMetadata {
  std::string entity_id;
  std::string sso_url;                    // of the binding HTTP-Redirect
  std::vector<std::string> certificates;  // DER
};
// Blocking: for a worker thread. Comments are allowed; nothing of it is signed or trusted beyond
// what whoever sets the provider up says.
Result<IdpMetadata> read_idp_metadata(std::string_view xml);

std::string entity_id(const Config& config);  // also where our metadata is
std::string acs_url(const Config& config);
std::vector<std::string> recipients(
    const Config& config);  // every URL of ours that takes responses
std::string sp_metadata(const Config& config);

struct RequestParts {
  std::string sso_url;
  std::string request_id;
  std::string relay_state;
  std::string name_id_format;  // empty: as the provider likes
  int64_t now_s = 0;
};
// Where the browser goes: `sso_url` with SAMLRequest (deflated) and RelayState.
std::string request_url(const Config& config, const RequestParts& parts);

}  // namespace chatpad::functions::saml

// No text is a SAML response that somebody signed, and metadata out of nonsense names no key:
// whatever comes, the parser lives, and what it accepts has the shape it promises.
//
// uses: functions/shared/saml/xml.cc functions/shared/saml/signature.cc
// uses: functions/shared/saml/response.cc functions/shared/saml/metadata.cc
// uses: runtime/wire/url.cc runtime/wire/crypto.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc
// links: -I/usr/include/xmlsec1 -I/usr/include/libxml2
// links: -D__XMLSEC_FUNCTION__=__func__ -DXMLSEC_NO_SIZE_T
// links: -DXMLSEC_OPENSSL3_ENGINES=1 -DXMLSEC_NO_GOST=1
// links: -DXMLSEC_NO_GOST2012=1 -DXMLSEC_NO_CRYPTO_DYNAMIC_LOADING=1
// links: -DXMLSEC_CRYPTO_OPENSSL=1
// links: -lxmlsec1-openssl -lxmlsec1 -lxml2 -lz -lcrypto
#include "functions/shared/saml/metadata.h"
#include "functions/shared/saml/response.h"
#include "runtime/base/check.h"

using namespace chatpad;
using namespace chatpad::functions;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  saml::ResponseRules rules;
  rules.idp = "https://idp.example";
  rules.certificates = {std::string(text.substr(0, 2048))};
  rules.audience = "https://sp.example";
  rules.recipients = {"https://sp.example/acs"};
  rules.request_id = "_1";
  rules.now_s = 1'800'000'000;
  CHECK(!saml::read_response(text, rules), "nobody guesses a signature");
  const Result<saml::IdpMetadata> idp = saml::read_idp_metadata(text);
  if (idp) {
    CHECK(!idp->entity_id.empty() && !idp->sso_url.empty(), "a provider has a name and a place");
    CHECK(!idp->certificates.empty(), "and a key");
  }
  return 0;
}

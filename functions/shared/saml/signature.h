// XML signatures of SAML (SAML core, 5.4; XML Signature 1.1) over libxmlsec1: which element of a
// document one key has signed, and nothing wider than that.
//
// A signature counts when it is a child of the element it signs, has one reference, to that
// element's own ID, and uses only: RSA or ECDSA with SHA-256, -384 or -512; enveloped-signature and
// canonicalization (exclusive or inclusive, without comments) as transforms; SHA-256, -384, -512 as
// digests. What it says about keys is thrown away: the keys are those of the provider's metadata,
// RSA of 2048 bits and above or elliptic curves. SHA-1 and HMAC are not known here.
//
// Errors: bad_saml_response; the log text says which rule failed.
#pragma once

#include <libxml/tree.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::functions::saml {

// Once per program; every entry point calls it.
void start_libraries();

// Whether a certificate holds a key that is strong enough to sign here.
bool is_usable_certificate(const std::string& der);

// `signature`: the ds:Signature. `signed_element`: its parent, whose attribute ID is unique in the
// document (require_unique_ids). `certificates`: DER; any of them.
Result<void> verify_signature(xmlNode* signature, xmlNode* signed_element,
                              const std::vector<std::string>& certificates);

// No two elements have one ID, under whatever spelling of its name.
Result<void> require_unique_ids(xmlNode* root);

}  // namespace chatpad::functions::saml

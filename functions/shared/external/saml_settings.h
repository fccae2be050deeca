// How a provider is spoken to by SAML, as it is kept: {entityId, ssoUrl, certificates, metadataUrl,
// mapping, nameIdFormat}. It comes out of the identity provider's metadata, given as XML or fetched
// from a URL, and read on a worker. What is fetched is checked against the networks that nobody may
// reach; nothing of it is trusted beyond what whoever sets the provider up says.
//
// Errors: validation_failed, upstream_failed, deadline_exceeded, overloaded.
#pragma once

#include <optional>
#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr size_t kMetadataUrlCharsMax = 2048;

struct SamlSaid {
  std::string xml;  // of two, this one counts
  std::string url;
  std::string url_field = "metadataUrl";      // how the caller calls it
  std::optional<std::string> mapping;         // JSON of the attributes' names
  std::optional<std::string> name_id_format;  // empty: as the provider likes
};

// The JSON of what was said; empty when nothing was. XML that is given makes an earlier URL
// forgotten.
Task<std::string> saml_settings(edge::Context& context, SamlSaid said);

}  // namespace chatpad::functions

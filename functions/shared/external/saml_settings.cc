#include "functions/shared/external/saml_settings.h"

#include <functional>
#include <utility>

#include "functions/shared/external/discovery.h"
#include "functions/shared/fetch/fetcher.h"
#include "functions/shared/saml/metadata.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

Task<std::string> fetched(edge::Context& context, std::string url, std::string field) {
  check_issuer_url(context.config(), url).or_raise();
  http::SafeRequest request;
  request.url = std::move(url);
  request.total_ms = kIssuerFetchMs;
  request.response_bytes_max = saml::kXmlBytesMax;
  http::SafeClient& client = context.local<Fetcher>().client();
  http::Response response;
  std::string why;
  try {
    response = co_await http::safe_fetch(client, std::move(request));
    if (response.head.status != 200) why = "status " + std::to_string(response.head.status);
  } catch (const Raised& raised) {
    why = error_info(raised.error().errc).code;
  }
  if (!why.empty()) {
    Error error(Errc::saml_metadata_fetch_failed, PublicText(), LogText(std::move(why)));
    error.details = std::move(field);
    raise(std::move(error));
  }
  co_return std::move(response.body);
}

void add_metadata(wire::JsonWriter& out, const saml::IdpMetadata& idp) {
  out.field("entityId", idp.entity_id).field("ssoUrl", idp.sso_url);
  out.array("certificates");
  for (const std::string& der : idp.certificates) out.value(wire::base64_encode(der));
  out.end();
}

}  // namespace

Task<std::string> saml_settings(edge::Context& context, SamlSaid said) {
  wire::JsonWriter out;
  out.object();
  const bool given = !said.xml.empty();
  std::string xml = std::move(said.xml);
  if (!given && !said.url.empty()) xml = co_await fetched(context, said.url, said.url_field);
  const bool any = !xml.empty() || said.mapping || said.name_id_format;
  if (!any) co_return std::string();
  if (!xml.empty()) {
    using Read = Result<saml::IdpMetadata>;
    std::function<Read()> job = [xml = std::move(xml)] { return saml::read_idp_metadata(xml); };
    Read read = co_await context.workers().run(context.loop(), std::move(job));
    const saml::IdpMetadata idp = std::move(read).or_raise();
    if (!check_issuer_url(context.config(), idp.sso_url)) {
      wire::refuse_field("metadata", "must name an https URL to sign in at");
    }
    add_metadata(out, idp);
    out.key("metadataUrl");
    if (given) {
      out.null();
    } else {
      out.value(said.url);
    }
  }
  if (said.mapping) out.raw_field("mapping", *said.mapping);
  if (said.name_id_format) out.field("nameIdFormat", *said.name_id_format);
  out.end();
  co_return std::move(out).str();
}

}  // namespace chatpad::functions

#include "functions/shared/external/provider_input.h"

#include <algorithm>

#include "functions/shared/external/discovery.h"
#include "functions/shared/external/saml_mapping.h"
#include "functions/shared/external/saml_settings.h"
#include "functions/shared/saml/metadata.h"
#include "functions/shared/secret/secrets.h"
#include "functions/shared/team/secret.h"
#include "runtime/base/log.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";
constexpr size_t kListMax = 20;
constexpr size_t kWordCharsMax = 200;
constexpr size_t kDomainsMax = 100;

constexpr pg::Statement kCreate{"create_sign_in_provider",
                                "select api.create_sign_in_provider($1, $2, $3, $4, $5)"};
constexpr pg::Statement kUpdate{"update_sign_in_provider",
                                "select api.update_sign_in_provider($1, $2, $3, $4)"};
constexpr pg::Statement kMayKeep{"may_keep_sign_in_provider",
                                 "select api.may_keep_sign_in_provider($1, $2)"};
constexpr pg::Statement kId{"sign_in_provider_id", "select api.sign_in_provider_id($1)"};

std::string identifier_of(const wire::Fields& f) {
  std::string name = f.string("identifier", 1, 63);
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
  });
  if (!plain || name.front() < 'a' || name.front() > 'z') {
    wire::refuse_field("identifier", "must hold a-z, 0-9, -, _ and : and begin with a letter");
  }
  if (name == "email" || name == "phone" || name == "anonymous" || name.starts_with("sso:")) {
    wire::refuse_field("identifier", "must be another name; this one is taken");
  }
  return name;
}

std::string issuer_of(const Config& config, const wire::Fields& f) {
  std::string issuer = f.optional_string("issuer", 2048).value_or("");
  const std::string document = f.optional_string("discovery_url", 2048).value_or("");
  if (issuer.empty() && document.ends_with(kWellKnown)) {
    issuer = document.substr(0, document.size() - kWellKnown.size());
  }
  if (issuer.empty()) wire::refuse_field("issuer", "must be the provider's https URL");
  if (!check_issuer_url(config, issuer)) {
    wire::refuse_field("issuer", "must be an https URL that may be fetched");
  }
  return issuer;
}

// Of Supabase's settings those that would weaken a check or replace what the issuer publishes.
void refuse_unsupported(const wire::Fields& f) {
  for (const char* name : {"authorization_url", "token_url", "userinfo_url", "jwks_uri"}) {
    if (!f.optional_string(name, 2048).value_or("").empty()) {
      wire::refuse_field(name, "must be left out; the issuer's own document says it");
    }
  }
  if (f.boolean("skip_nonce_check", false)) {
    wire::refuse_field("skip_nonce_check", "must be false; the nonce is always checked");
  }
  if (!f.boolean("pkce_enabled", true)) {
    wire::refuse_field("pkce_enabled", "must be true; every flow has a challenge");
  }
  if (f.boolean("email_optional", false)) {
    wire::refuse_field("email_optional", "must be false; an address tells people apart");
  }
}

// As domains are compared: lower case, without the @ that some write before them.
std::vector<std::string> domains_of(const wire::Fields& f, std::string_view field) {
  std::vector<std::string> domains;
  for (std::string domain : f.string_list(field, kDomainsMax, 253)) {
    if (domain.starts_with('@')) domain.erase(0, 1);
    for (char& c : domain) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (!wire::is_email("x@" + domain)) wire::refuse_field(field, "must list domains");
    domains.push_back(std::move(domain));
  }
  return domains;
}

void add_list(wire::JsonWriter& p, std::string_view name, const std::vector<std::string>& list) {
  p.array(name);
  for (const std::string& item : list) p.value(item);
  p.end();
}

void add_optional_list(wire::JsonWriter& p, const wire::Fields& f, std::string_view field,
                       std::string_view name) {
  if (f.has(field)) add_list(p, name, f.string_list(field, kListMax, kWordCharsMax));
}

std::optional<std::string> sealed_for(edge::Call call, const std::string& id,
                                      const ProviderInput& input) {
  if (!input.secret) return std::nullopt;
  return call.context().local<Secrets>().seal({id, kProviderSecretPlace}, *input.secret);
}

// SQL returns null when a rotation of the sealing key has begun: once more with the new one.
void read_keys_again(edge::Call call) { call.context().local<Secrets>().read_keys(); }

std::string stored(const pg::Rows& rows) {
  if (rows.size() != 1 || rows.is_null(0, 0)) {
    raise(Errc::internal, {},
          LogText("the key that seals on this database is not the first of CHATPAD_SECRET_KEY"));
  }
  return rows.str(0, 0);
}

void tell(std::string_view what, const std::string& id) {
  log::Line(LogLevel::info, "sign_in_provider").field("act", what).field("id", id);
}

}  // namespace

std::optional<std::string_view> kind_of_issuer(std::string_view issuer) {
  const size_t start = issuer.find("://");
  if (start == std::string_view::npos) return std::nullopt;
  std::string_view host = issuer.substr(start + 3);
  host = host.substr(0, host.find_first_of(":/"));
  if (host == "accounts.google.com") return "google";
  if (host == "login.microsoftonline.com" || host == "login.microsoftonline.us" ||
      host == "login.partner.microsoftonline.cn" || host == "sts.windows.net" ||
      host.ends_with(".ciamlogin.com")) {
    return "azure";
  }
  if (host.ends_with(".okta.com") || host.ends_with(".oktapreview.com")) return "okta";
  if (host.ends_with(".auth0.com")) return "auth0";
  if (host.starts_with("cognito-idp.")) return "cognito";
  return std::nullopt;
}

ProviderInput read_custom_provider(const Config& config, const wire::Fields& f, InputFor what) {
  ProviderInput input;
  wire::JsonWriter p;
  p.object();
  refuse_unsupported(f);
  if (what == InputFor::create) {
    f.choice("provider_type", {"oidc"});
    const std::string issuer = issuer_of(config, f);
    p.field("protocol", "oidc").field("identifier", identifier_of(f)).field("issuer", issuer);
    p.field("kind", kind_of_issuer(issuer).value_or("generic"));
    p.field("name", f.string("name", 1, 100)).field("clientId", f.string("client_id", 1, 500));
  } else {
    if (f.has("issuer")) p.field("issuer", f.string("issuer", 1, 2048));
    if (f.has("name")) p.field("name", f.string("name", 1, 100));
    if (f.has("client_id")) p.field("clientId", f.string("client_id", 1, 500));
  }
  add_optional_list(p, f, "acceptable_client_ids", "clientIds");
  add_optional_list(p, f, "scopes", "scopes");
  if (f.has("domains")) add_list(p, "domains", domains_of(f, "domains"));
  const auto enabled = f.optional_boolean("enabled");
  if (enabled) p.field("enabled", *enabled);
  p.end();
  input.secret = f.optional_string("client_secret", kClientSecretCharsMax);
  if (input.secret && input.secret->empty()) input.secret.reset();
  input.json = std::move(p).str();
  return input;
}

namespace {

void read_roles(wire::JsonWriter& p, const wire::Fields& f) {
  const auto role = f.optional_choice("defaultRole", {"admin", "manager", "member", "client"});
  if (role) p.field("defaultRole", *role);
  if (f.present("roleClaim")) {
    p.field("roleClaim", f.optional_string("roleClaim", kWordCharsMax));
  }
  const auto map = f.optional_object_text("roleMap", 16 * 1024);
  if (map) p.raw_field("roleMap", *map);
}

void read_oidc(const Config& config, const wire::Fields& f, InputFor what, wire::JsonWriter& p) {
  if (what == InputFor::create) {
    const std::string issuer = issuer_of(config, f);
    const std::string said =
        f.optional_choice("kind", {"generic", "okta", "auth0", "azure", "cognito", "google"})
            .value_or("generic");
    const std::string_view kind = kind_of_issuer(issuer).value_or(said);
    // Of Azure another issuer may answer than the one that was entered: only Microsoft's own.
    if (kind == "azure" && !kind_of_issuer(issuer)) {
      wire::refuse_field("kind", "must be left out; Azure's issuers are known by their host");
    }
    p.field("issuer", issuer).field("kind", kind);
    p.field("clientId", f.string("clientId", 1, 500));
  } else {
    if (f.has("issuer")) p.field("issuer", f.string("issuer", 1, 2048));
    if (f.has("clientId")) p.field("clientId", f.string("clientId", 1, 500));
  }
  add_optional_list(p, f, "clientIds", "clientIds");
  add_optional_list(p, f, "scopes", "scopes");
}

// What Supabase calls the attributes of an assertion: {keys: {email: {name}, ...}}.
std::string mapping_of(const wire::Fields& f) {
  const auto mapping = f.optional_object("attribute_mapping");
  const auto keys = mapping ? mapping->optional_object("keys") : std::nullopt;
  const std::string text = keys ? keys->text() : "{}";
  if (text.size() > kMappingBytesMax) {
    wire::refuse_field("attribute_mapping", "must be at most 16 KiB");
  }
  if (keys) read_mapping(text).or_raise();
  wire::JsonWriter out;
  out.object().raw_field("keys", text).end();
  return std::move(out).str();
}

// A NameID that is another one each time tells nobody apart.
std::string name_id_format_of(const wire::Fields& f) {
  return f
      .optional_choice("name_id_format",
                       {"", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
                        "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
                        "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"})
      .value_or("");
}

}  // namespace

Task<ProviderInput> read_sso_provider(edge::Call call, wire::Fields f, InputFor what) {
  SamlSaid said;
  said.xml = f.optional_string("metadata_xml", saml::kXmlBytesMax).value_or("");
  said.url = f.optional_string("metadata_url", kMetadataUrlCharsMax).value_or("");
  said.url_field = "metadata_url";
  if (!said.xml.empty() && !said.url.empty()) {
    wire::refuse_field("metadata_url", "must be left out when there is metadata_xml");
  }
  if (what == InputFor::create) {
    f.choice("type", {"saml"});
    if (said.xml.empty() && said.url.empty()) {
      wire::refuse_field("metadata_xml", "must hold the metadata, or metadata_url say where it is");
    }
  }
  if (f.present("attribute_mapping")) said.mapping = mapping_of(f);
  if (f.present("name_id_format")) said.name_id_format = name_id_format_of(f);
  const std::string saml = co_await saml_settings(call.context(), std::move(said));
  wire::JsonWriter p;
  p.object();
  if (what == InputFor::create) {
    p.field("protocol", "saml").field("name", "SSO");
    if (domains_of(f, "domains").empty()) {
      wire::refuse_field("domains", "must list whose addresses the provider may vouch for");
    }
  }
  if (!saml.empty()) p.raw_field("saml", saml);
  if (f.has("domains")) {
    add_list(p, "domains", domains_of(f, "domains"));
    add_list(p, "routedDomains", domains_of(f, "domains"));
  }
  const auto disabled = f.optional_boolean("disabled");
  if (disabled) p.field("enabled", !*disabled);
  p.end();
  ProviderInput input;
  input.json = std::move(p).str();
  co_return input;
}

Task<ProviderInput> read_provider(edge::Call call, wire::Fields f, InputFor what) {
  ProviderInput input;
  std::string protocol = f.optional_choice("protocol", {"oidc", "saml"}).value_or("");
  if (protocol.empty() && what == InputFor::create) protocol = "oidc";
  SamlSaid said;
  said.xml = f.optional_string("metadataXml", saml::kXmlBytesMax).value_or("");
  said.url = f.optional_string("metadataUrl", kMetadataUrlCharsMax).value_or("");
  const std::string saml = co_await saml_settings(call.context(), std::move(said));
  wire::JsonWriter p;
  p.object();
  if (what == InputFor::create) {
    p.field("protocol", protocol).field("name", f.string("name", 1, 100));
    if (f.has("identifier")) p.field("identifier", identifier_of(f));
    if (protocol == "saml" && saml.empty()) {
      wire::refuse_field("metadataXml", "must hold the identity provider's metadata");
    }
    if (protocol == "saml" && domains_of(f, "domains").empty()) {
      wire::refuse_field("domains", "must list whose addresses the provider may vouch for");
    }
  } else if (f.has("name")) {
    p.field("name", f.string("name", 1, 100));
  }
  if (protocol != "saml") read_oidc(call.context().config(), f, what, p);
  if (!saml.empty()) p.raw_field("saml", saml);
  if (f.has("domains")) add_list(p, "domains", domains_of(f, "domains"));
  if (f.has("routedDomains")) add_list(p, "routedDomains", domains_of(f, "routedDomains"));
  read_roles(p, f);
  const auto enabled = f.optional_boolean("enabled");
  if (enabled) p.field("enabled", *enabled);
  p.end();
  input.secret = f.optional_string("clientSecret", kClientSecretCharsMax);
  if (input.secret && input.secret->empty()) input.secret.reset();
  input.json = std::move(p).str();
  co_return input;
}

std::string provider_body(std::string_view provider_json) {
  wire::JsonWriter out;
  out.object().raw_field("provider", provider_json).end();
  return std::move(out).str();
}

Task<void> require_provider_keeper(edge::Call call, std::optional<Uuid> account,
                                   std::optional<Uuid> id) {
  pg::Params params(account, id);
  co_await call.db().rows(kMayKeep, std::move(params));
}

Task<std::string> create_provider(edge::Call call, edge::Db db, std::optional<Uuid> account,
                                  ProviderInput input) {
  const Uuid id = Uuid::random();
  const std::string text = id.str();
  const std::string origin = origin_json(call);
  pg::Params params(account, id, input.json, sealed_for(call, text, input), origin);
  pg::Rows rows = co_await db.rows(kCreate, std::move(params));
  if (rows.size() == 1 && rows.is_null(0, 0)) {
    read_keys_again(call);
    pg::Params again(account, id, input.json, sealed_for(call, text, input), origin);
    rows = co_await db.rows(kCreate, std::move(again));
  }
  tell("created", text);
  co_return stored(rows);
}

Task<std::string> update_provider(edge::Call call, edge::Db db, Uuid id, ProviderInput input) {
  const std::string text = id.str();
  const std::string origin = origin_json(call);
  pg::Params params(id, input.json, sealed_for(call, text, input), origin);
  pg::Rows rows = co_await db.rows(kUpdate, std::move(params));
  if (rows.size() == 1 && rows.is_null(0, 0)) {
    read_keys_again(call);
    pg::Params again(id, input.json, sealed_for(call, text, input), origin);
    rows = co_await db.rows(kUpdate, std::move(again));
  }
  tell("updated", text);
  co_return stored(rows);
}

Task<Uuid> provider_id_of_path(edge::Call call) {
  std::string name = wire::percent_decode(call.path_parameter()).or_raise();
  pg::Params params(name);
  pg::Rows rows = co_await call.service().rows(kId, std::move(params));
  const std::optional<Uuid> id = rows.size() == 1 ? rows.uuid(0, 0) : std::nullopt;
  if (!id) raise(Errc::not_found);
  co_return *id;
}

}  // namespace chatpad::functions

#include "functions/shared/external/saml_sign_in.h"

#include <set>

#include "functions/shared/account/one_time.h"
#include "functions/shared/account/rules.h"
#include "functions/shared/external/landing.h"
#include "functions/shared/external/saml_mapping.h"
#include "functions/shared/saml/metadata.h"
#include "runtime/base/clock.h"
#include "runtime/edge/context.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr size_t kRelayStateBytesMax = 200;
constexpr pg::Statement kSeen{"saml_assertion_seen", "select api.saml_assertion_seen($1, $2, $3)"};

const std::initializer_list<std::string_view> kEmailNames = {
    "email",
    "mail",
    "emailAddress",
    "emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"};
const std::initializer_list<std::string_view> kNameNames = {
    "name", "displayName", "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname"};

wire::Fields settings_of(const SignInProvider& provider) {
  return wire::Fields::parse(provider.saml_json).or_raise();
}

saml::ResponseRules rules_of(const Config& config, const SignInProvider& provider,
                             const FlowSecrets& secrets) {
  const wire::Fields settings = settings_of(provider);
  saml::ResponseRules rules;
  rules.idp = settings.string("entityId", 1, 1024);
  for (const std::string& one :
       settings.string_list("certificates", saml::kCertificatesMax, 65'536)) {
    rules.certificates.push_back(wire::base64_decode(one).value_or(""));
  }
  rules.audience = saml::entity_id(config);
  rules.recipients = saml::recipients(config);
  rules.request_id = secrets.request_id;
  rules.now_s = wall_s();
  return rules;
}

// What the provider was set up to mean by its attributes; nothing when nobody said.
std::vector<MappedAttribute> mapping_of(const SignInProvider& provider) {
  const auto mapping = settings_of(provider).optional_object("mapping");
  const auto keys = mapping ? mapping->optional_object("keys") : std::nullopt;
  if (!keys) return {};
  return read_mapping(keys->text()).or_raise();
}

// The value under a key of ours: as mapped, else of the usual names.
std::string value_of(const std::vector<MappedAttribute>& mapping, std::string_view key,
                     const saml::SamlPerson& who, std::initializer_list<std::string_view> names) {
  for (const MappedAttribute& one : mapping) {
    if (one.key != key || one.names.empty()) continue;
    const std::vector<std::string> values = values_of(one, who);
    return values.empty() ? std::string() : values.front();
  }
  return who.first(names);
}

void add_claims(wire::JsonWriter& out, const std::vector<MappedAttribute>& mapping,
                const saml::SamlPerson& who) {
  std::set<std::string_view> mapped;
  for (const MappedAttribute& one : mapping) {
    const std::string claim = claim_of(one, who);
    if (!claim.empty()) out.raw_field(one.key, claim);
    mapped.insert(one.key);
  }
  for (const auto& [key, values] : who.attributes) {
    if (key.empty() || mapped.contains(key)) continue;
    out.array(key);
    for (const std::string& value : values) out.value(value);
    out.end();
  }
}

std::string data_json(const SignInProvider& provider, const saml::SamlPerson& who,
                      const ExternalIdentity& identity,
                      const std::vector<MappedAttribute>& mapping) {
  wire::JsonWriter out;
  out.object()
      .field("iss", settings_of(provider).string("entityId", 1, 1024))
      .field("sub", identity.provider_id)
      .field("provider_id", identity.provider_id)
      .field("email", identity.email)
      .field("email_verified", identity.email_verified == Verified::yes);
  const std::string name = value_of(mapping, "name", who, kNameNames);
  if (!name.empty()) out.field("name", name).field("full_name", name);
  out.object("custom_claims");
  add_claims(out, mapping, who);
  out.end().end();
  return std::move(out).str();
}

Task<Vouched> read_on_worker(edge::Call call, SignInProvider provider, FlowSecrets secrets,
                             std::string xml) {
  saml::ResponseRules rules = rules_of(call.context().config(), provider, secrets);
  using Read = Result<saml::SamlPerson>;
  std::function<Read()> job = [xml = std::move(xml), rules = std::move(rules)] {
    return saml::read_response(xml, rules);
  };
  Read read = co_await call.context().workers().run(call.context().loop(), std::move(job));
  const saml::SamlPerson who = std::move(read).or_raise();
  pg::Params params(provider.id, link_hash_hex(who.assertion_id),
                    who.not_on_or_after_s + saml::kSamlSkewS);
  pg::Rows rows = co_await call.service().rows(kSeen, std::move(params));
  if (rows.size() != 1 || rows.boolean(0, 0)) {
    raise(Errc::bad_saml_response, {}, LogText("the assertion was here before"));
  }
  Vouched vouched;
  vouched.person = saml_person(provider, who).or_raise();
  co_return vouched;
}

struct Form {
  std::string response;  // XML
  std::string relay_state;
};

Form read_form(const edge::Call& call) {
  const wire::Query form = wire::Query::parse(call.request().body).or_raise();
  Form read;
  std::string text(form.get("SAMLResponse").value_or(""));
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == ' '; });
  if (form.all("SAMLResponse").size() != 1 || text.size() > kSamlResponseBytesMax) {
    raise(Errc::bad_saml_response, {}, LogText("there is not one response, or it is too large"));
  }
  auto xml = wire::base64_decode(text);
  if (!xml) raise(Errc::bad_saml_response, {}, LogText("the response is not base64"));
  read.response = *std::move(xml);
  read.relay_state = form.get("RelayState").value_or("");
  if (read.relay_state.size() > kRelayStateBytesMax) raise(Errc::bad_oauth_state);
  return read;
}

Task<edge::Reply> arrive(edge::Call call, TakenFlow flow, std::string xml) {
  require_own(call, flow);
  if (!flow.provider->saml) raise(Errc::bad_oauth_state);
  Vouched who = co_await read_on_worker(call, *flow.provider, flow.secrets, std::move(xml));
  edge::Reply reply = co_await land(call, std::move(flow), std::move(who));
  co_return reply;
}

}  // namespace

Result<OidcPerson> saml_person(const SignInProvider& provider, const saml::SamlPerson& who) {
  OidcPerson person;
  ExternalIdentity& identity = person.identity;
  const std::vector<MappedAttribute> mapping = mapping_of(provider);
  identity.provider = provider.identifier;
  identity.provider_id = who.name_id;
  identity.email = value_of(mapping, "email", who, kEmailNames);
  if (identity.email.empty() && who.name_id_is_email) identity.email = who.name_id;
  if (!wire::is_email(identity.email)) identity.email.clear();
  if (identity.email.empty() || provider.domains.empty() ||
      !vouches_for(provider, identity.email)) {
    return Error(Errc::email_address_not_authorized, {},
                 LogText("the assertion has no address within the provider's domains"));
  }
  identity.email_verified = Verified::yes;
  identity.sso = true;
  identity.account_id = provider.account_id;
  identity.data_json = data_json(provider, who, identity, mapping);
  const auto groups = who.attributes.find(provider.role_claim);
  if (!provider.role_claim.empty() && groups != who.attributes.end()) {
    identity.groups = groups->second;
  }
  return person;
}

std::string saml_departure(const Config& config, const SignInProvider& provider,
                           const FlowSecrets& secrets) {
  const wire::Fields settings = settings_of(provider);
  saml::RequestParts parts;
  parts.sso_url = settings.string("ssoUrl", 1, 2048);
  parts.request_id = secrets.request_id;
  parts.relay_state = secrets.state;
  parts.name_id_format = settings.optional_string("nameIdFormat", 200).value_or("");
  parts.now_s = wall_s();
  return saml::request_url(config, parts);
}

Task<edge::Reply> take_saml_response(edge::Call call) {
  std::string page = allowed_redirect(call.context().config(), std::nullopt);
  edge::Reply reply;
  try {
    Form form = read_form(call);
    std::optional<TakenFlow> flow = co_await take_flow(call, std::move(form.relay_state));
    if (!flow) raise(Errc::bad_oauth_state);
    page = flow->redirect_to;
    reply = co_await arrive(call, *std::move(flow), std::move(form.response));
  } catch (const Raised& raised) {
    reply = landed_wrong(call, page, raised.error());
  }
  co_return reply;
}

}  // namespace chatpad::functions

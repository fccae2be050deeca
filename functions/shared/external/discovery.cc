#include "functions/shared/external/discovery.h"

#include <arpa/inet.h>

#include <algorithm>

#include "functions/shared/fetch/fetcher.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {
namespace {

constexpr size_t kUrlCharsMax = 2048;
constexpr std::string_view kTenant = "{tenantid}";

Error failed(const char* why) { return Error(Errc::upstream_failed, PublicText(), LogText(why)); }

// "https://host/common/v2.0" is published by Azure as "https://host/{tenantid}/v2.0".
std::string published_issuer(std::string_view issuer, ProviderKind kind) {
  std::string published(issuer);
  if (kind != ProviderKind::azure) return published;
  for (const std::string_view word : {"/common/", "/organizations/"}) {
    const size_t at = published.find(word);
    if (at == std::string::npos) continue;
    published.replace(at + 1, word.size() - 2, kTenant);
    break;
  }
  return published;
}

bool lists(const wire::Fields& f, std::string_view name, std::string_view wanted) {
  const std::vector<std::string> list = f.string_list(name, 64, 200);
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

Task<std::string> fetch_json(edge::Context* context, std::string url, size_t bytes_max) {
  http::SafeRequest request;
  request.url = std::move(url);
  request.headers = {"Accept: application/json"};
  request.total_ms = kIssuerFetchMs;
  request.response_bytes_max = bytes_max;
  http::SafeClient& client = context->local<Fetcher>().client();
  http::Response response = co_await http::safe_fetch(client, std::move(request));
  if (response.head.status != 200) raise(failed("an issuer answered with another status than 200"));
  co_return std::move(response.body);
}

// Room for one more: the oldest goes.
template <class Map>
void make_room(Map& map) {
  if (map.size() < kIssuersMax) return;
  map.erase(std::min_element(map.begin(), map.end(), [](const auto& a, const auto& b) {
    return a.second.fetched_ms < b.second.fetched_ms;
  }));
}

bool is_opened_address(const Config& config, std::string_view host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (inet_pton(AF_INET, std::string(host).c_str(), &address.sin_addr) != 1) return false;
  return any_contains(config.fetch_allow, reinterpret_cast<const sockaddr&>(address));
}

}  // namespace

Result<void> check_issuer_url(const Config& config, std::string_view url) {
  const Result<std::string> checked = http::check_fetch_url(url);
  if (!checked) return checked.error();
  if (url.starts_with("https://")) return {};
  const std::string_view rest = url.substr(url.find("://") + 3);
  if (is_opened_address(config, rest.substr(0, rest.find_first_of(":/?#")))) return {};
  return Error(Errc::validation_failed, PublicText("An identity provider is reached by https."));
}

Result<Discovery> read_discovery(std::string_view text, std::string_view issuer,
                                 ProviderKind kind) {
  const Result<wire::Fields> parsed = wire::Fields::parse(text);
  if (!parsed) return failed("an issuer's document is no JSON object");
  try {
    const wire::Fields& f = *parsed;
    Discovery doc;
    doc.issuer = f.string("issuer", 1, kUrlCharsMax);
    if (doc.issuer != published_issuer(issuer, kind)) {
      return failed("an issuer's document names another issuer");
    }
    doc.authorization_endpoint = f.string("authorization_endpoint", 1, kUrlCharsMax);
    doc.token_endpoint = f.string("token_endpoint", 1, kUrlCharsMax);
    doc.jwks_uri = f.string("jwks_uri", 1, kUrlCharsMax);
    doc.userinfo_endpoint = f.optional_string("userinfo_endpoint", kUrlCharsMax).value_or("");
    doc.says_issuer = f.boolean("authorization_response_iss_parameter_supported", false);
    doc.basic = !f.has("token_endpoint_auth_methods_supported") ||
                lists(f, "token_endpoint_auth_methods_supported", "client_secret_basic");
    return doc;
  } catch (const Raised&) {  // a field is missing or of another type
    return failed("an issuer's document lacks an endpoint");
  }
}

Task<Discovery> OidcDirectory::discovery(std::string issuer, ProviderKind kind) {
  const uint64_t now_ms = context_.loop().now_ms();
  const auto known = documents_.find(issuer);
  if (known != documents_.end() && now_ms - known->second.fetched_ms < kIssuerKeptMs) {
    co_return known->second.discovery;
  }
  std::string url = issuer;
  while (!url.empty() && url.back() == '/') url.pop_back();
  url += "/.well-known/openid-configuration";
  check_issuer_url(context_.config(), url).or_raise();
  const std::string text = co_await fetch_json(&context_, std::move(url), kDiscoveryBytesMax);
  Discovery doc = read_discovery(text, issuer, kind).or_raise();
  for (const std::string& endpoint :
       {doc.authorization_endpoint, doc.token_endpoint, doc.jwks_uri}) {
    check_issuer_url(context_.config(), endpoint).or_raise();
  }
  if (!doc.userinfo_endpoint.empty()) {
    check_issuer_url(context_.config(), doc.userinfo_endpoint).or_raise();
  }
  make_room(documents_);
  documents_.insert_or_assign(std::move(issuer), Document{doc, now_ms});
  co_return doc;
}

Task<void> OidcDirectory::fetch_keys(std::string jwks_uri) {
  const std::string text = co_await fetch_json(&context_, jwks_uri, kJwksBytesMax);
  wire::JwkSet set = wire::JwkSet::parse(text).or_raise();
  make_room(keys_);
  Keys& keys = keys_[jwks_uri];
  keys.set = std::move(set);
  keys.fetched_ms = context_.loop().now_ms();
}

Task<wire::PublicKey> OidcDirectory::key(std::string jwks_uri, wire::IdTokenHead head) {
  const auto known = keys_.find(jwks_uri);
  const uint64_t now_ms = context_.loop().now_ms();
  if (known == keys_.end() || now_ms - known->second.fetched_ms >= kIssuerKeptMs) {
    co_await fetch_keys(jwks_uri);
  } else if (!known->second.set.find(head.kid, head.algorithm) &&
             (known->second.again_ms == 0 || now_ms - known->second.again_ms >= kJwksAgainMs)) {
    known->second.again_ms = now_ms;
    co_await fetch_keys(jwks_uri);
  }
  const auto keys = keys_.find(jwks_uri);
  const wire::PublicKey* found =
      keys == keys_.end() ? nullptr : keys->second.set.find(head.kid, head.algorithm);
  if (!found) raise(Errc::bad_jwt, {}, LogText("the issuer has no key of this id"));
  co_return *found;
}

}  // namespace chatpad::functions

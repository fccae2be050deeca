// What an OpenID Connect issuer publishes: its endpoints (OpenID Connect Discovery 1.0) and its
// keys. One OidcDirectory per loop.
//
//   OidcDirectory& directory = call.context().local<OidcDirectory>();
//   Discovery doc = co_await directory.discovery(provider.issuer, provider.kind);
//   PublicKey key = co_await directory.key(doc.jwks_uri, head);
//
// Documents and key sets are kept for ten minutes, those of at most kIssuersMax issuers. A key id
// that is not known makes the set be fetched again, at most every kJwksAgainMs: that is how a
// rotated key is found, and a stream of invented ids is not a stream of requests.
//
// Everything is fetched by safe_fetch. Errors: upstream_failed when the issuer does not answer or
// its document is not about itself (the `issuer` in it must be the one it was asked for),
// deadline_exceeded, validation_failed for an address nobody may reach, bad_jwt for an unknown key.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "functions/shared/external/provider.h"
#include "runtime/base/config.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"
#include "runtime/wire/id_token.h"
#include "runtime/wire/jwk_set.h"

namespace chatpad::functions {

constexpr size_t kIssuersMax = 256;
constexpr size_t kDiscoveryBytesMax = 64 * 1024;
constexpr size_t kJwksBytesMax = 256 * 1024;
constexpr uint64_t kIssuerFetchMs = 6'000;
constexpr uint64_t kIssuerKeptMs = 600'000;
constexpr uint64_t kJwksAgainMs = 30'000;

struct Discovery {
  std::string issuer;  // as its tokens have it; of Azure with {tenantid} in it
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string userinfo_endpoint;  // may be empty
  std::string jwks_uri;
  bool basic = true;         // the client's secret may stand in Authorization
  bool says_issuer = false;  // RFC 9207: `iss` comes with the code
};

class OidcDirectory {
 public:
  explicit OidcDirectory(edge::Context& context) : context_(context) {}

  Task<Discovery> discovery(std::string issuer, ProviderKind kind);
  Task<wire::PublicKey> key(std::string jwks_uri, wire::IdTokenHead head);

 private:
  struct Document {
    Discovery discovery;
    uint64_t fetched_ms = 0;
  };
  struct Keys {
    wire::JwkSet set;
    uint64_t fetched_ms = 0;
    uint64_t again_ms = 0;  // when the set was last fetched for a key it lacked
  };
  Task<void> fetch_keys(std::string jwks_uri);

  edge::Context& context_;
  std::map<std::string, Document> documents_;
  std::map<std::string, Keys> keys_;
};

// The document that an issuer of this name publishes about itself, or what is wrong with it. Pure.
Result<Discovery> read_discovery(std::string_view text, std::string_view issuer, ProviderKind kind);
// An https URL that may be fetched, or an http one of an address (never a name) that the operator
// opened: for an identity provider on this machine.
Result<void> check_issuer_url(const Config& config, std::string_view url);

}  // namespace chatpad::functions

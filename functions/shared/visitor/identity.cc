#include "functions/shared/visitor/identity.h"

#include "runtime/edge/context.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/own_origin.h"

namespace chatpad::functions {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kHashCharsMax = 128;  // a longer text is no hash of any kind

constexpr pg::Statement kVersions{
    "identity_versions", "select current_version, previous_version from api.identity_versions($1)"};
constexpr pg::Statement kIdentify{
    "identify_visitor",
    "select visitor_id, conversation_id from api.identify_visitor($1, $2, $3, $4, $5, $6, $7)"};

}  // namespace

std::optional<Identity> Identity::read(const wire::Fields& fields) {
  Identity identity;
  identity.identifier = fields.optional_string("identifier", kIdentifierCharsMax).value_or("");
  if (identity.identifier.empty()) return std::nullopt;
  identity.hash = fields.optional_string("identifierHash", kHashCharsMax).value_or("");
  identity.name = fields.optional_string("name", 200);
  identity.email = fields.optional_email("email");
  return identity;
}

std::string identity_secret(const edge::Call& call, const Uuid& agent, int64_t version) {
  const std::string info = "identity " + agent.str() + " " + std::to_string(version);
  return wire::base64url_encode(
      wire::hkdf_sha256(call.context().config().jwt_secret, "chatpad", info, kSecretBytes));
}

bool identity_holds(std::string_view secret, std::string_view identifier, std::string_view hash) {
  const std::optional<std::string> sent = wire::hex_decode(hash);
  const wire::Digest right = wire::hmac_sha256(secret, identifier);
  return sent && wire::constant_time_equal(wire::bytes_of(right), *sent);
}

Task<Identified> identify(edge::Call call, Uuid agent, std::optional<Uuid> visitor,
                          Identity identity) {
  pg::Params asked(agent);
  pg::Rows versions = co_await call.service().rows(kVersions, std::move(asked));
  bool holds = false;
  for (int column = 0; column < 2 && versions.size() == 1; ++column) {
    if (versions.is_null(0, column)) continue;
    const std::string secret = identity_secret(call, agent, versions.integer(0, column));
    holds = identity_holds(secret, identity.identifier, identity.hash) || holds;
  }
  if (!holds) raise(Errc::identity_not_valid);
  const std::string origin(call.origin());
  const bool own_page = wire::is_own_origin(origin, call.context().config().public_url);
  pg::Params params(agent, origin, own_page, visitor, identity.identifier, identity.name,
                    identity.email);
  pg::Rows rows = co_await call.service().rows(kIdentify, std::move(params));
  if (rows.size() != 1) raise(Errc::not_found);
  Identified found{rows.uuid(0, 0).value_or(Uuid()), rows.uuid(0, 1)};
  co_return found;
}

}  // namespace chatpad::functions

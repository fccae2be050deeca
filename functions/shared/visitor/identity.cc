#include "functions/shared/visitor/identity.h"

#include "functions/shared/knowledge/groups.h"
#include "functions/shared/visitor/attributes.h"
#include "runtime/edge/context.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/own_origin.h"

namespace chatpad::functions {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kIdentifierDigitsMax = 15;  // of a number, which has them exactly
constexpr size_t kHashCharsMax = 128;        // a longer text is no hash of any kind

constexpr pg::Statement kVersions{
    "identity_versions", "select current_version, previous_version from api.identity_versions($1)"};
constexpr pg::Statement kIdentify{
    "identify_visitor",
    "select visitor_id, conversation_id from api.identify_visitor($1, $2, $3, $4, $5, $6, $7)"};

// A number is as good as its digits: so many a site knows its customers.
std::string identifier_of(const wire::Fields& fields) {
  const std::string json = fields.optional_json_text("identifier", 2048).value_or("");
  const bool digits = !json.empty() && json.size() <= kIdentifierDigitsMax &&
                      json.find_first_not_of("0123456789") == std::string::npos;
  if (digits) return json;
  return fields.optional_string("identifier", kIdentifierCharsMax).value_or("");
}

// What is told of them, for the database.
std::string about(const Identity& identity) {
  wire::JsonWriter said;
  said.object().field("name", identity.name).field("email", identity.email);
  said.field("phone", identity.phone);
  if (identity.attributes) said.raw_field("customAttributes", *identity.attributes);
  said.end();
  return std::move(said).str();
}

}  // namespace

std::optional<Identity> Identity::read(const wire::Fields& fields) {
  Identity identity;
  identity.identifier = identifier_of(fields);
  if (identity.identifier.empty()) return std::nullopt;
  identity.hash = fields.optional_string("identifierHash", kHashCharsMax).value_or("");
  identity.name = fields.optional_string("name", kIdentityNameCharsMax);
  identity.email = fields.optional_email("email");
  identity.phone = fields.optional_string("phone", kIdentityPhoneCharsMax);
  identity.attributes = read_attributes(fields);
  identity.groups = fields.optional_string("groups", kIdentityGroupsCharsMax).value_or("");
  // A line break ends what is the identifier in the signed text.
  if (identity.identifier.find('\n') != std::string::npos) {
    wire::refuse_field("identifier", "must be one line");
  }
  return identity;
}

std::string signed_text(const Identity& identity) {
  if (identity.groups.empty()) return identity.identifier;
  return identity.identifier + "\n" + identity.groups;
}

std::string identity_secret(const edge::Call& call, const Uuid& agent, int64_t version) {
  const std::string info = "identity " + agent.str() + " " + std::to_string(version);
  return wire::base64url_encode(
      wire::hkdf_sha256(call.context().config().jwt_secret, "chatpad", info, kSecretBytes));
}

bool identity_holds(std::string_view secret, std::string_view text, std::string_view hash) {
  const std::optional<std::string> sent = wire::hex_decode(hash);
  const wire::Digest right = wire::hmac_sha256(secret, text);
  return sent && wire::constant_time_equal(wire::bytes_of(right), *sent);
}

Task<Identified> identify(edge::Call call, Uuid agent, std::optional<Uuid> visitor,
                          Identity identity) {
  pg::Params asked(agent);
  pg::Rows versions = co_await call.service().rows(kVersions, std::move(asked));
  const std::vector<std::string> groups =
      chatpad::knowledge::split_groups(identity.groups, "groups");
  const std::string text = signed_text(identity);
  bool holds = false;
  for (int column = 0; column < 2 && versions.size() == 1; ++column) {
    if (versions.is_null(0, column)) continue;
    const std::string secret = identity_secret(call, agent, versions.integer(0, column));
    holds = identity_holds(secret, text, identity.hash) || holds;
  }
  if (!holds) raise(Errc::identity_not_valid);
  const std::string origin(call.origin());
  const bool own_page = wire::is_own_origin(origin, call.context().config().public_url);
  pg::Params params(agent, origin, own_page, visitor, identity.identifier, about(identity),
                    chatpad::knowledge::group_array(groups));
  pg::Rows rows = co_await call.service().rows(kIdentify, std::move(params));
  if (rows.size() != 1) raise(Errc::not_found);
  Identified found{rows.uuid(0, 0).value_or(Uuid()), rows.uuid(0, 1)};
  co_return found;
}

}  // namespace chatpad::functions

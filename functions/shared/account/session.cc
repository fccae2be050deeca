#include "functions/shared/account/session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"
#include "runtime/edge/auth.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kRefreshTokenBytes = 24;
constexpr std::string_view kSealedFor = "auth.refresh_tokens";

std::string sealing_key(const edge::Context& context) {
  return wire::hkdf_sha256(context.config().jwt_secret, "chatpad", "refresh-token-seal",
                           wire::kAesKeyBytes);
}

// Whoever has a second factor is let in with it: until then their token is good for /auth/v1 alone.
bool second_factor_due(const SessionParts& parts, const wire::Json& user) {
  const auto factors = user.find("factors");
  if (parts.aal != "aal1" || factors == user.end() || !factors->is_array()) return false;
  return std::any_of(factors->begin(), factors->end(), [](const wire::Json& factor) {
    return factor.value("status", "") == "verified";
  });
}

// What people and providers say of somebody has no end, and a token too large is none.
wire::Json short_metadata(const wire::Json& metadata) {
  if (!metadata.is_object() || wire::dump(metadata).size() <= kTokenMetadataBytesMax) {
    return metadata;
  }
  std::vector<std::pair<size_t, std::string>> members;
  for (const auto& [name, value] : metadata.items()) {
    members.emplace_back(wire::dump(wire::Json(name)).size() + wire::dump(value).size() + 2, name);
  }
  std::sort(members.begin(), members.end());
  wire::Json kept = wire::Json::object();
  size_t bytes = 2;
  for (const auto& [size, name] : members) {
    bytes += size;
    if (bytes > kTokenMetadataBytesMax) break;
    kept[name] = metadata[name];
  }
  return kept;
}

std::string access_token(edge::Context& context, const SessionParts& parts, const wire::Json& user,
                         int64_t now_s) {
  const auto member = [&user](const char* name, wire::Json fallback) {
    const auto found = user.find(name);
    return found == user.end() || found->is_null() ? std::move(fallback) : *found;
  };
  wire::Json payload;
  payload["iss"] = context.config().public_url + "/auth/v1";
  payload["sub"] = member("id", "");
  payload["aud"] = "authenticated";
  payload["exp"] = now_s + kAccessTokenS;
  payload["iat"] = now_s;
  payload["email"] = member("email", "");
  payload["phone"] = member("phone", "");
  payload["app_metadata"] = member("app_metadata", wire::Json::object());
  payload["user_metadata"] = short_metadata(member("user_metadata", wire::Json::object()));
  payload["role"] = "authenticated";
  payload["aal"] = parts.aal;
  payload["amr"] = wire::parse_json(parts.amr_json).or_raise();
  payload["session_id"] = parts.session_id;
  if (second_factor_due(parts, user)) payload["second_factor"] = "due";
  payload["is_anonymous"] = member("is_anonymous", false);
  return context.authenticator().sign(wire::dump(payload));
}

}  // namespace

RefreshToken new_refresh_token() {
  std::string bytes(kRefreshTokenBytes, '\0');
  random_bytes(bytes.data(), bytes.size());
  RefreshToken made;
  made.token = wire::base64url_encode(bytes);
  made.hash_hex = refresh_hash_hex(made.token);
  return made;
}

std::string refresh_hash_hex(std::string_view token) { return "\\x" + wire::sha256_hex(token); }

std::string seal_refresh_token(const edge::Context& context, std::string_view token) {
  return wire::base64url_encode(wire::aes_gcm_seal(sealing_key(context), token, kSealedFor));
}

Result<std::string> open_refresh_token(const edge::Context& context, std::string_view sealed) {
  const auto bytes = wire::base64url_decode(sealed);
  auto token = bytes ? wire::aes_gcm_open(sealing_key(context), *bytes, kSealedFor) : std::nullopt;
  if (!token) {
    return Error(Errc::internal, PublicText(), LogText("a sealed refresh token does not open"));
  }
  return *std::move(token);
}

IssuedSession issue(edge::Context& context, const SessionParts& parts) {
  const wire::Json user = wire::parse_json(parts.user_json).or_raise();
  const int64_t now_s = wall_s();
  IssuedSession session;
  session.access_token = access_token(context, parts, user, now_s);
  session.refresh_token = parts.refresh_token;
  session.expires_at_s = now_s + session.expires_in_s;
  session.user_json = parts.user_json;
  return session;
}

std::string session_json(const IssuedSession& session) {
  wire::JsonWriter out;
  out.object()
      .field("access_token", session.access_token)
      .field("token_type", "bearer")
      .field("expires_in", session.expires_in_s)
      .field("expires_at", session.expires_at_s)
      .field("refresh_token", session.refresh_token)
      .raw_field("user", session.user_json);
  if (!session.provider_token.empty()) out.field("provider_token", session.provider_token);
  if (!session.provider_refresh_token.empty()) {
    out.field("provider_refresh_token", session.provider_refresh_token);
  }
  out.end();
  return std::move(out).str();
}

std::string session_json(edge::Context& context, const SessionParts& parts) {
  return session_json(issue(context, parts));
}

}  // namespace chatpad::functions

// Sessions as Supabase clients know them: a short-lived access token (JWT) and a refresh token that
// is replaced at every use. Source: the GoTrue wire format (docs/api/auth.md).
//
// Refresh tokens are random, kept only as SHA-256; the active one is also kept sealed (AES-256-GCM
// with a key derived from the JWT secret), because a client that lost the answer to a refresh must
// be given the same one again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr int64_t kAccessTokenS = 3600;
constexpr int kRefreshReuseS = 10;
constexpr size_t kTokenMetadataBytesMax = 3072;  // of user_metadata in an access token, as JSON

struct RefreshToken {
  std::string token;
  std::string hash_hex;  // "\x..." for a bytea parameter
};
RefreshToken new_refresh_token();
std::string refresh_hash_hex(std::string_view token);

std::string seal_refresh_token(const edge::Context& context, std::string_view token);
// Errc::internal when it was sealed with another secret.
Result<std::string> open_refresh_token(const edge::Context& context, std::string_view sealed);

// A session as the database has it, and the refresh token that it was made with.
struct SessionParts {
  std::string user_json;
  std::string session_id;
  std::string refresh_token;
  std::string aal = "aal1";
  std::string amr_json = "[]";  // [{"method","timestamp"}]
};

// What a client is given.
struct IssuedSession {
  std::string access_token;
  std::string refresh_token;
  int64_t expires_in_s = kAccessTokenS;
  int64_t expires_at_s = 0;
  std::string user_json;
  std::string provider_token;  // of the provider that the person came through, for its own API
  std::string provider_refresh_token;
};
// The access token carries the user's user_metadata as far as it is small (kTokenMetadataBytesMax):
// else its smallest members. `user_json` has all of it.
IssuedSession issue(edge::Context& context, const SessionParts& parts);
// {"access_token","token_type","expires_in","expires_at","refresh_token","user"}, and the
// provider's tokens if there are any.
std::string session_json(const IssuedSession& session);
std::string session_json(edge::Context& context, const SessionParts& parts);

}  // namespace chatpad::functions

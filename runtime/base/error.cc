#include "runtime/base/error.h"

#include <array>

#include "runtime/base/check.h"

namespace chatpad {
namespace {

using enum Errc;
constexpr auto debug = LogLevel::debug;
constexpr auto info = LogLevel::info;
constexpr auto warn = LogLevel::warn;
constexpr auto error = LogLevel::error;

constexpr std::array kTable = {
    ErrorInfo{bad_request, "bad_request", 400, false, info, "The request is not well formed."},
    ErrorInfo{bad_json, "bad_json", 400, false, info, "Send a JSON object as the body."},
    ErrorInfo{validation_failed, "validation_failed", 400, false, info,
              "Correct the field named in details and send the request again."},
    ErrorInfo{invalid_credentials, "invalid_credentials", 400, false, info,
              "Invalid login credentials"},
    ErrorInfo{bad_content_length, "bad_content_length", 400, false, info,
              "Send exactly one valid Content-Length or chunked encoding, not both."},
    ErrorInfo{refresh_token_not_found, "refresh_token_not_found", 400, false, info,
              "Invalid Refresh Token: Refresh Token Not Found"},
    ErrorInfo{refresh_token_already_used, "refresh_token_already_used", 400, false, warn,
              "Invalid Refresh Token: Already Used"},
    ErrorInfo{user_banned, "user_banned", 400, false, info, "User is banned"},
    ErrorInfo{session_expired, "session_expired", 400, false, info,
              "Invalid Refresh Token: Session Expired"},
    ErrorInfo{email_not_confirmed, "email_not_confirmed", 400, false, info, "Email not confirmed"},
    ErrorInfo{email_address_not_authorized, "email_address_not_authorized", 400, false, info,
              "Sign-up is for addresses of certain domains only."},
    ErrorInfo{phone_provider_disabled, "phone_provider_disabled", 400, false, info,
              "Phone numbers cannot sign in here; use an email address."},
    ErrorInfo{bad_code_verifier, "bad_code_verifier", 400, false, info,
              "code challenge does not match previously saved code verifier"},
    ErrorInfo{reauthentication_needed, "reauthentication_needed", 400, false, info,
              "Password update requires reauthentication"},
    ErrorInfo{bad_oauth_state, "bad_oauth_state", 400, false, info,
              "This sign-in was not begun here, took too long, or is used up; begin again."},
    ErrorInfo{bad_oauth_callback, "bad_oauth_callback", 400, false, info,
              "The provider's answer cannot be used; begin the sign-in again."},
    ErrorInfo{unexpected_audience, "unexpected_audience", 400, false, info,
              "The provider's token was made for another application."},
    ErrorInfo{bad_saml_response, "bad_saml_response", 400, false, info,
              "The provider's SAML response cannot be used; begin the sign-in again."},
    ErrorInfo{saml_assertion_no_user_id, "saml_assertion_no_user_id", 400, false, info,
              "The provider's SAML assertion names nobody by a lasting NameID."},
    ErrorInfo{saml_metadata_fetch_failed, "saml_metadata_fetch_failed", 400, false, info,
              "The provider's metadata could not be fetched from its URL."},
    ErrorInfo{saml_entity_id_mismatch, "saml_entity_id_mismatch", 400, false, info,
              "The metadata is another provider's: the entity id of a provider stays."},
    ErrorInfo{sso_domain_already_exists, "sso_domain_already_exists", 400, false, info,
              "Another provider has one of these domains."},
    ErrorInfo{no_authorization, "no_authorization", 401, false, info,
              "This endpoint requires a valid Bearer token."},
    ErrorInfo{bad_jwt, "bad_jwt", 403, false, info,
              "The token is not valid here, or it has expired; get a new one."},
    ErrorInfo{invalid_api_key, "invalid_api_key", 401, false, info,
              "The API key is unknown, expired or revoked."},
    ErrorInfo{forbidden, "forbidden", 403, false, info, "You may not do this."},
    ErrorInfo{insufficient_role, "insufficient_role", 403, false, info,
              "Your role in this account does not allow this; ask an admin of the account."},
    ErrorInfo{insufficient_scope, "insufficient_scope", 403, false, info,
              "The API key lacks the scope for this; create a key that has it."},
    ErrorInfo{origin_not_allowed, "origin_not_allowed", 403, false, info,
              "This website is not on the agent's list of allowed origins."},
    ErrorInfo{identity_required, "identity_required", 401, false, info,
              "This chat is for customers the site has signed in; send identifier and "
              "identifierHash."},
    ErrorInfo{identity_not_valid, "identity_not_valid", 403, false, info,
              "identifierHash is not the HMAC-SHA-256 of identifier under the agent's secret, in "
              "hex."},
    ErrorInfo{invitation_not_yours, "invitation_not_yours", 403, false, info,
              "Sign in with the address that the invitation was sent to."},
    ErrorInfo{plan_limit_reached, "plan_limit_reached", 403, false, info,
              "The plan's limit is reached; upgrade the plan or wait for the next period."},
    ErrorInfo{session_not_found, "session_not_found", 403, false, info,
              "The session has ended; sign in again."},
    ErrorInfo{not_admin, "not_admin", 403, false, info, "User not allowed"},
    ErrorInfo{otp_expired, "otp_expired", 403, false, info, "Token has expired or is invalid"},
    ErrorInfo{flow_state_expired, "flow_state_expired", 403, false, info,
              "invalid flow state, flow state has expired"},
    ErrorInfo{insufficient_aal, "insufficient_aal", 403, false, info,
              "This needs a session that was opened with the second factor as well."},
    ErrorInfo{not_found, "not_found", 404, false, info, "Not found."},
    ErrorInfo{user_not_found, "user_not_found", 404, false, info, "User not found"},
    ErrorInfo{mfa_factor_not_found, "mfa_factor_not_found", 404, false, info, "Factor not found"},
    ErrorInfo{flow_state_not_found, "flow_state_not_found", 404, false, info,
              "invalid flow state, no valid flow state found"},
    ErrorInfo{sso_provider_not_found, "sso_provider_not_found", 404, false, info,
              "No SSO provider assigned for this domain"},
    ErrorInfo{route_not_found, "route_not_found", 404, false, info,
              "No endpoint has this path; see the API reference."},
    ErrorInfo{method_not_allowed, "method_not_allowed", 405, false, info,
              "The endpoint exists, but not for this method; see the Allow header."},
    ErrorInfo{request_timeout, "request_timeout", 408, true, info,
              "The request took too long to arrive; send it again."},
    ErrorInfo{conflict, "conflict", 409, false, info, "The record changed or exists already."},
    ErrorInfo{takeover_required, "takeover_required", 409, false, info,
              "Take over the conversation before you write in it."},
    ErrorInfo{already_taken_over, "already_taken_over", 409, false, info,
              "Somebody else has taken over this conversation."},
    ErrorInfo{conversation_closed, "conversation_closed", 409, false, info,
              "The conversation is closed."},
    ErrorInfo{conversation_archived, "conversation_archived", 409, false, info,
              "An archived conversation does not change any more."},
    ErrorInfo{takeover_active, "takeover_active", 409, false, info,
              "A person is in charge of this conversation; end the takeover first."},
    ErrorInfo{idempotency_mismatch, "idempotency_mismatch", 409, false, info,
              "This Idempotency-Key was used with another request."},
    ErrorInfo{last_owner, "last_owner", 409, false, info,
              "An account keeps at least one owner; make somebody else an owner first."},
    ErrorInfo{already_member, "already_member", 409, false, info,
              "This person is in the team already."},
    ErrorInfo{export_not_ready, "export_not_ready", 409, true, info,
              "The export is still being made; ask again in a few seconds."},
    ErrorInfo{payload_too_large, "payload_too_large", 413, false, info,
              "The body is larger than this endpoint accepts."},
    ErrorInfo{uri_too_long, "uri_too_long", 414, false, info, "The URL is too long."},
    ErrorInfo{unsupported_media_type, "unsupported_media_type", 415, false, info,
              "Send the body as application/json, uncompressed."},
    ErrorInfo{user_already_exists, "user_already_exists", 422, false, info,
              "User already registered"},
    ErrorInfo{weak_password, "weak_password", 422, false, info,
              "Password should be at least 6 characters."},
    ErrorInfo{signup_disabled, "signup_disabled", 422, false, info,
              "Signups are not allowed for this instance"},
    ErrorInfo{email_exists, "email_exists", 422, false, info,
              "A user with this email address has already been registered"},
    ErrorInfo{saml_idp_already_exists, "saml_idp_already_exists", 422, false, info,
              "There is a provider of this entity id already."},
    ErrorInfo{same_password, "same_password", 422, false, info,
              "New password should be different from the old password."},
    ErrorInfo{mfa_challenge_expired, "mfa_challenge_expired", 422, false, info,
              "The challenge is older than five minutes; make another one."},
    ErrorInfo{mfa_verification_failed, "mfa_verification_failed", 422, false, info,
              "Invalid TOTP code entered"},
    ErrorInfo{mfa_ip_address_mismatch, "mfa_ip_address_mismatch", 422, false, info,
              "The challenge was answered already, or made from another address."},
    ErrorInfo{mfa_factor_name_conflict, "mfa_factor_name_conflict", 422, false, info,
              "Another factor has this name; choose another one."},
    ErrorInfo{too_many_enrolled_mfa_factors, "too_many_enrolled_mfa_factors", 422, false, info,
              "There are ten factors; remove one first."},
    ErrorInfo{mfa_phone_enroll_not_enabled, "mfa_phone_enroll_not_enabled", 422, false, info,
              "MFA enroll is disabled for Phone"},
    ErrorInfo{mfa_webauthn_enroll_not_enabled, "mfa_webauthn_enroll_not_enabled", 422, false, info,
              "MFA enroll is disabled for WebAuthn"},
    ErrorInfo{anonymous_provider_disabled, "anonymous_provider_disabled", 422, false, info,
              "Anonymous sign-ins are disabled"},
    ErrorInfo{otp_disabled, "otp_disabled", 422, false, info, "Signups not allowed for otp"},
    ErrorInfo{provider_email_needs_verification, "provider_email_needs_verification", 422, false,
              info, "The provider does not vouch for this address; confirm it there first."},
    ErrorInfo{reauthentication_not_valid, "reauthentication_not_valid", 422, false, info,
              "Nonce has expired or is invalid"},
    ErrorInfo{email_not_proven, "email_not_proven", 422, false, info,
              "Somebody signed up with this address and never proved it; sign in as before and "
              "link the provider there."},
    ErrorInfo{identity_already_exists, "identity_already_exists", 422, false, info,
              "Identity is already linked to another user"},
    ErrorInfo{identity_not_found, "identity_not_found", 422, false, info, "Identity doesn't exist"},
    ErrorInfo{single_identity_not_deletable, "single_identity_not_deletable", 422, false, info,
              "User must have at least 1 identity after unlinking"},
    ErrorInfo{upgrade_required, "upgrade_required", 426, false, info,
              "This path speaks websocket, version 13."},
    ErrorInfo{too_many_requests, "too_many_requests", 429, true, info,
              "Too many requests; wait as long as Retry-After says."},
    ErrorInfo{budget_exceeded, "budget_exceeded", 429, false, info,
              "The budget for answers of language models is used up."},
    ErrorInfo{over_email_send_rate_limit, "over_email_send_rate_limit", 429, true, info,
              "This address was written to often enough; wait as long as Retry-After says."},
    ErrorInfo{headers_too_large, "headers_too_large", 431, false, info,
              "The request's headers are too large or too many."},
    ErrorInfo{internal, "internal", 500, true, error,
              "Something went wrong on the server; the error_id helps its operator find out what."},
    ErrorInfo{not_supported, "not_supported", 501, false, info, "This server does not do that."},
    ErrorInfo{upstream_failed, "upstream_failed", 502, true, warn,
              "A service this request depends on failed; try again."},
    ErrorInfo{overloaded, "overloaded", 503, true, warn,
              "The server is busy; try again as Retry-After says."},
    ErrorInfo{draining, "draining", 503, true, debug,
              "The server is shutting down; try again as Retry-After says."},
    ErrorInfo{database_unavailable, "database_unavailable", 503, true, warn,
              "The database does not answer; nothing was changed, try again."},
    ErrorInfo{deadline_exceeded, "deadline_exceeded", 504, true, warn,
              "The request did not finish in time; it may have been carried out."},
};

constexpr bool table_matches_enum() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<size_t>(kTable[i].errc) != i) return false;
  }
  return kTable.size() == static_cast<size_t>(Errc::deadline_exceeded) + 1;
}
static_assert(table_matches_enum(), "kTable has one row per Errc, in the enum's order");

}  // namespace

const ErrorInfo& error_info(Errc errc) {
  const auto index = static_cast<size_t>(errc);
  CHECK(index < kTable.size(), "an Errc outside the closed list");
  return kTable[index];
}

std::span<const ErrorInfo> error_table() { return kTable; }

std::optional<Errc> errc_from_code(std::string_view code) {
  for (const ErrorInfo& row : kTable) {
    if (row.code == code) return row.errc;
  }
  return std::nullopt;
}

const char* Raised::what() const noexcept { return error_info(error_.errc).code.data(); }

void raise(Error error) { throw Raised(std::move(error)); }

void raise(Errc errc, PublicText message, LogText cause) {
  throw Raised(Error(errc, std::move(message), std::move(cause)));
}

}  // namespace chatpad

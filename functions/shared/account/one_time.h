// Secrets that travel in mails: a link's token (192 random bits) and six digits to type. The
// database keeps the SHA-256 of the one and an HMAC of the other under a key that follows from the
// JWT secret, so that a million digits tried on a stolen table give nothing.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/config.h"

namespace chatpad::functions {

// 192 random bits as base64url.
std::string random_token();
std::string link_hash_hex(std::string_view token);  // "\x..." for a bytea parameter

struct OneTime {
  std::string token;
  std::string otp;
};
OneTime new_one_time();
std::string otp_hash_hex(const Config& config, std::string_view otp);

// The member `once` of what api.auth_* functions take: the two hashes, and, sealed, what the mail
// has to say (functions/shared/mail).
std::string once_json(const Config& config, const OneTime& once, std::string_view redirect_to);

}  // namespace chatpad::functions

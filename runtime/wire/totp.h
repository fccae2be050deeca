// TOTP (RFC 6238): the six digits of authenticator apps, HMAC-SHA-1 over a time step of 30 seconds.
// A code counts for its own step and one to either side, for clocks that are not quite right and
// for people who type. That no step's code is taken twice is its keeper's business: compare the
// step that totp_step_of() gives with the newest one used.
//
// Pure; the time is a parameter. A secret is kTotpSecretBytes random bytes (RFC 4226, R6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatpad::wire {

constexpr int64_t kTotpStepS = 30;
constexpr int64_t kTotpSkewSteps = 1;
constexpr size_t kTotpDigits = 6;
constexpr size_t kTotpSecretBytes = 20;

// RFC 4648, 6, without padding: how a secret is shown and typed.
std::string base32_encode(std::string_view bytes);

std::string totp_code(std::string_view secret, int64_t step);
// The step near `now_s` that the code is of; nullopt when there is none. Every step is compared, in
// constant time.
std::optional<int64_t> totp_step_of(std::string_view secret, std::string_view code, int64_t now_s);

// What an authenticator app reads out of a QR code: otpauth://totp/ISSUER:ACCOUNT?...
std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account);

}  // namespace chatpad::wire

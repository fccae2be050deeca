#include "runtime/wire/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/url.h"

namespace chatpad::wire {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr uint32_t kCodes = 1'000'000;

}  // namespace

std::string base32_encode(std::string_view bytes) {
  std::string text;
  uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<uint8_t>(c);
    bits += 8;
    for (; bits >= 5; bits -= 5) text += kAlphabet[held >> (bits - 5) & 31];
  }
  if (bits > 0) text += kAlphabet[held << (5 - bits) & 31];
  return text;
}

std::string totp_code(std::string_view secret, int64_t step) {
  std::array<uint8_t, 8> counter;
  for (size_t i = 0; i < counter.size(); ++i) {
    counter[i] = static_cast<uint8_t>(static_cast<uint64_t>(step) >> (56 - 8 * i));
  }
  std::array<uint8_t, 20> mac;
  unsigned size = 0;
  const bool made = HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(),
                         counter.size(), mac.data(), &size) != nullptr;
  CHECK(made && size == mac.size(), "HMAC-SHA-1 works");
  // RFC 4226, 5.3.
  const size_t at = mac[19] & 15;
  const uint32_t number = static_cast<uint32_t>(mac[at] & 127) << 24 |
                          static_cast<uint32_t>(mac[at + 1]) << 16 |
                          static_cast<uint32_t>(mac[at + 2]) << 8 | mac[at + 3];
  const std::string digits = std::to_string(number % kCodes);
  return std::string(kTotpDigits - digits.size(), '0') + digits;
}

std::optional<int64_t> totp_step_of(std::string_view secret, std::string_view code, int64_t now_s) {
  std::optional<int64_t> found;
  const int64_t now = now_s / kTotpStepS;
  for (int64_t step = now - kTotpSkewSteps; step <= now + kTotpSkewSteps; ++step) {
    if (constant_time_equal(totp_code(secret, step), code)) found = step;
  }
  return found;
}

std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account) {
  std::string uri = "otpauth://totp/" + percent_encode(issuer) + ":" + percent_encode(account);
  uri += "?algorithm=SHA1&digits=6&issuer=" + percent_encode(issuer) + "&period=30";
  uri += "&secret=" + base32_encode(secret);
  return uri;
}

}  // namespace chatpad::wire

#include "functions/shared/account/one_time.h"

#include "functions/shared/mail/sealed_mail.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kTokenBytes = 24;
constexpr uint32_t kOtps = 1'000'000;

// Evenly: what is over the last whole million is drawn again.
std::string random_otp() {
  uint32_t drawn = 0;
  do {
    random_bytes(reinterpret_cast<uint8_t*>(&drawn), sizeof drawn);
  } while (drawn >= UINT32_MAX - UINT32_MAX % kOtps);
  std::string digits = std::to_string(drawn % kOtps);
  return std::string(6 - digits.size(), '0') + digits;
}

}  // namespace

std::string random_token() {
  std::string bytes(kTokenBytes, '\0');
  random_bytes(bytes.data(), bytes.size());
  return wire::base64url_encode(bytes);
}

std::string link_hash_hex(std::string_view token) { return "\\x" + wire::sha256_hex(token); }

OneTime new_one_time() { return {random_token(), random_otp()}; }

std::string otp_hash_hex(const Config& config, std::string_view otp) {
  const std::string key = wire::hkdf_sha256(config.jwt_secret, "chatpad", "one-time-codes", 32);
  return "\\x" + wire::hmac_sha256_hex(key, otp);
}

std::string once_json(const Config& config, const OneTime& once, std::string_view redirect_to) {
  wire::JsonWriter secrets;
  secrets.object()
      .field("token", once.token)
      .field("otp", once.otp)
      .field("redirectTo", redirect_to)
      .end();
  wire::JsonWriter out;
  out.object()
      .field("token", link_hash_hex(once.token))
      .field("otp", otp_hash_hex(config, once.otp))
      .field("sealed", seal_mail(config, secrets.view()))
      .end();
  return std::move(out).str();
}

}  // namespace chatpad::functions

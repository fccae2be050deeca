#include "functions/shared/mail/sealed_mail.h"

#include "runtime/wire/crypto.h"

namespace chatpad::functions {
namespace {

constexpr std::string_view kSealedFor = "private.mail_outbox";

std::string sealing_key(const Config& config) {
  return wire::hkdf_sha256(config.jwt_secret, "chatpad", "mail-seal", wire::kAesKeyBytes);
}

}  // namespace

std::string seal_mail(const Config& config, std::string_view content_json) {
  return wire::base64url_encode(wire::aes_gcm_seal(sealing_key(config), content_json, kSealedFor));
}

Result<std::string> open_mail(const Config& config, std::string_view sealed) {
  const auto bytes = wire::base64url_decode(sealed);
  auto content = bytes ? wire::aes_gcm_open(sealing_key(config), *bytes, kSealedFor) : std::nullopt;
  if (!content) {
    return Error(Errc::internal, PublicText(), LogText("a sealed mail does not open"));
  }
  return *std::move(content);
}

}  // namespace chatpad::functions

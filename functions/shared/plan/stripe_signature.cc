#include "functions/shared/plan/stripe_signature.h"

#include <charconv>
#include <optional>

#include "runtime/wire/crypto.h"

namespace chatpad::functions {
namespace {

Error refusal(const char* sentence) { return Error(Errc::bad_request, PublicText(sentence)); }

std::string_view before(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

std::optional<int64_t> seconds(std::string_view text) {
  int64_t value = 0;
  const auto [end, errc] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (errc != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool any_fits(const std::vector<std::string_view>& signatures, std::string_view signed_text,
              const std::vector<std::string>& secrets) {
  bool fits = false;
  for (const std::string& secret : secrets) {
    const std::string expected = wire::hmac_sha256_hex(secret, signed_text);
    for (const std::string_view signature : signatures) {
      fits |= wire::constant_time_equal(signature, expected);
    }
  }
  return fits;
}

}  // namespace

Result<void> verify_stripe_signature(std::string_view header, std::string_view body,
                                     const std::vector<std::string>& secrets, int64_t now_s) {
  if (header.empty() || header.size() > kStripeHeaderBytesMax) {
    return refusal("Send one Stripe-Signature header.");
  }
  std::optional<int64_t> at_s;
  std::string_view at_text;
  std::vector<std::string_view> signatures;
  for (std::string_view rest = header; !rest.empty();) {
    std::string_view value = before(rest, ',');
    const std::string_view name = before(value, '=');
    if (name == "t") {
      if (at_s) return refusal("Stripe-Signature names more than one time.");
      at_s = seconds(value);
      at_text = value;
      if (!at_s) return refusal("The time in Stripe-Signature is no number.");
    } else if (name == "v1" && signatures.size() < kStripeSignaturesMax) {
      signatures.push_back(value);
    }
  }
  if (!at_s || signatures.empty()) return refusal("Stripe-Signature needs t and v1.");
  std::string signed_text(at_text);
  signed_text.append(".").append(body);
  if (!any_fits(signatures, signed_text, secrets)) {
    return refusal("The signature does not fit this body.");
  }
  if (*at_s > now_s + kStripeToleranceSeconds || now_s > *at_s + kStripeToleranceSeconds) {
    return refusal("The signature is too old, or from the future.");
  }
  return {};
}

}  // namespace chatpad::functions

// The signature of Stripe's webhooks: a header `t=<seconds>,v1=<hex>[,v1=<hex>...]`, where v1 is
// the HMAC-SHA-256 of "<t>.<body>" under the endpoint's secret, `whsec_` included. While a secret
// is being rolled there are several v1, and here may be several secrets: any pair that fits is
// enough. Other schemes (v0) are ignored.
//
// Pure. The body must be the bytes as received, before any parsing. Compared in constant time.
// Errc::bad_request says what is wrong with the header, never what it should have been.
//
// Source: Stripe's documentation "Verify webhook signatures manually".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::functions {

constexpr int64_t kStripeToleranceSeconds = 300;  // older or newer than this is refused
constexpr size_t kStripeHeaderBytesMax = 4096;
constexpr size_t kStripeSignaturesMax = 16;  // further ones are not looked at

Result<void> verify_stripe_signature(std::string_view header, std::string_view body,
                                     const std::vector<std::string>& secrets, int64_t now_s);

}  // namespace chatpad::functions

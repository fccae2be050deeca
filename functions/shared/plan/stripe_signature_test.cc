#include "functions/shared/plan/stripe_signature.h"

#include <gtest/gtest.h>

#include "runtime/wire/crypto.h"

namespace chatpad::functions {
namespace {

constexpr std::string_view kBody = R"({"id":"evt_test_webhook","object":"event"})";
// Computed with Python's hmac, OpenSSL and Stripe's own library for Node.
constexpr std::string_view kHex =
    "3c5817089d739023dd6190f70a3757e04f7a2fd8b5dab12c2e000f51970dccff";
constexpr int64_t kAt = 1614265330;
const std::vector<std::string> kSecrets = {"whsec_test_secret"};

std::string header(std::string_view signature = kHex) {
  return "t=1614265330,v1=" + std::string(signature);
}
bool accepts(std::string_view text, std::string_view body = kBody, int64_t now_s = kAt,
             const std::vector<std::string>& secrets = kSecrets) {
  return verify_stripe_signature(text, body, secrets, now_s).ok();
}

TEST(StripeSignature, of_a_known_vector_is_accepted) { EXPECT_TRUE(accepts(header())); }

TEST(StripeSignature, covers_every_byte_of_the_body_and_the_time) {
  EXPECT_FALSE(accepts(header(), std::string(kBody) + " "));
  EXPECT_FALSE(accepts(header(), ""));
  EXPECT_FALSE(accepts("t=1614265331,v1=" + std::string(kHex)));
  // The same number in another spelling was not signed.
  EXPECT_FALSE(accepts("t=01614265330,v1=" + std::string(kHex)));
}

TEST(StripeSignature, is_good_for_five_minutes_in_both_directions) {
  for (const int64_t skew : {-300, -1, 0, 1, 300})
    EXPECT_TRUE(accepts(header(), kBody, kAt + skew));
  for (const int64_t skew : {-301, 301, 86'400}) EXPECT_FALSE(accepts(header(), kBody, kAt + skew));
}

TEST(StripeSignature, may_be_one_of_several_and_of_several_secrets) {
  const std::string other(64, '0');
  EXPECT_TRUE(accepts("t=1614265330,v1=" + other + ",v1=" + std::string(kHex) + ",v0=" + other));
  EXPECT_TRUE(accepts(header(), kBody, kAt, {"whsec_new", "whsec_test_secret"}));
  EXPECT_FALSE(accepts(header(), kBody, kAt, {"whsec_new"}));
  EXPECT_FALSE(accepts(header(), kBody, kAt, {}));
}

TEST(StripeSignature, of_another_scheme_or_shape_is_refused) {
  const std::string hex(kHex);
  const std::vector<std::string> odd = {std::string(),
                                        "t=1614265330",
                                        "v1=" + hex,
                                        "t=1614265330,v0=" + hex,
                                        hex,
                                        "t=,v1=" + hex,
                                        "t=x,v1=" + hex,
                                        "t=-1,v1=" + hex,
                                        "t=99999999999999999999,v1=" + hex,
                                        "t=1614265330,t=1614265330,v1=" + hex,
                                        "t=1614265330,v1=",
                                        "t=1614265330,v1=" + hex + "0",
                                        "t=1614265330,v1=" + hex.substr(0, 63),
                                        "T=1614265330,V1=" + hex,
                                        "t=1614265330, v1=" + hex,
                                        "t=1614265330;v1=" + hex,
                                        std::string(5000, ','),
                                        std::string("t=1614265330,v1=\0", 17) + hex};
  for (const std::string& text : odd) EXPECT_FALSE(accepts(text)) << text;
}

TEST(StripeSignature, looks_at_a_bounded_number_of_signatures) {
  std::string many = "t=1614265330";
  for (size_t i = 0; i < kStripeSignaturesMax; ++i) many += ",v1=" + std::string(64, 'a');
  EXPECT_FALSE(accepts(many + ",v1=" + std::string(kHex)));
}

}  // namespace
}  // namespace chatpad::functions

#include "runtime/wire/id_token.h"

#include <gtest/gtest.h>

#include "runtime/wire/crypto.h"
#include "runtime/wire/jwk_set.h"

namespace chatpad::wire {
namespace {

constexpr int64_t kNow = 1'800'000'000;
constexpr const char* kTenant = "11111111-2222-4333-8444-555555555555";

struct Issuer {
  JwtAlgorithm algorithm;
  PrivateKey key = PrivateKey::generate(algorithm);

  std::string token(std::string_view payload, std::string_view head = {}) const {
    const std::string usual =
        R"({"kid":"k","alg":")" + std::string(jwt_algorithm_name(algorithm)) + R"("})";
    const std::string text = base64url_encode(head.empty() ? std::string_view(usual) : head) + "." +
                             base64url_encode(payload);
    return text + "." + base64url_encode(key.sign(text));
  }
  Result<IdToken> verify(const std::string& token, const IdTokenRules& rules) const {
    return verify_id_token(token, key.public_key(), rules, kNow);
  }
};

std::string claims(const std::string& more = "") {
  return R"({"iss":"https://i.example","sub":"s","aud":"me","iat":1799999990,"exp":1800000300)" +
         more + "}";
}

IdTokenRules rules() {
  IdTokenRules rules;
  rules.issuers = {"https://i.example"};
  rules.audiences = {"me"};
  return rules;
}

TEST(IdToken, IsGoodByEitherAlgorithm) {
  for (const JwtAlgorithm algorithm : {JwtAlgorithm::es256, JwtAlgorithm::rs256}) {
    const Issuer issuer{algorithm};
    const std::string token = issuer.token(claims());
    EXPECT_EQ(read_id_token_head(token)->kid, "k");
    const auto who = issuer.verify(token, rules());
    ASSERT_TRUE(who.ok()) << who.error().cause.value;
    EXPECT_EQ(who->subject, "s");
  }
}

TEST(IdToken, IsRefusedForEveryWrongClaim) {
  const Issuer issuer{JwtAlgorithm::es256};
  for (const char* payload :
       {R"({"iss":"https://e.example","sub":"s","aud":"me","iat":1,"exp":1800000300})",
        R"({"iss":"https://i.example","sub":"","aud":"me","iat":1,"exp":1800000300})",
        R"({"iss":"https://i.example","sub":"s","aud":"me","iat":1,"exp":1799999900})",
        R"({"iss":"https://i.example","sub":"s","aud":"me","iat":1800000100,"exp":1800000300})",
        R"({"iss":"https://i.example","sub":"s","aud":"me","iat":1,"exp":"1800000300"})",
        R"({"iss":"https://i.example","sub":"s","aud":"me","iat":1})",
        R"({"iss":["https://i.example"],"sub":"s","aud":"me","iat":1,"exp":1800000300})"}) {
    const auto who = issuer.verify(issuer.token(payload), rules());
    ASSERT_FALSE(who.ok()) << payload;
    EXPECT_EQ(who.error().errc, Errc::bad_jwt) << payload;
  }
}

TEST(IdToken, IsForOneOfOurAudiences) {
  const Issuer issuer{JwtAlgorithm::es256};
  const auto with = [&](const std::string& audience) {
    return issuer.verify(
        issuer.token(R"({"iss":"https://i.example","sub":"s","iat":1,"exp":1800000300,)" +
                     audience + "}"),
        rules());
  };
  EXPECT_TRUE(with(R"("aud":["me"])").ok());
  EXPECT_TRUE(with(R"("aud":["me","x"],"azp":"me")").ok());
  for (const char* other : {R"("aud":"x")", R"("aud":["me","x"])", R"("aud":"me","azp":"x")",
                            R"("aud":[])", R"("sub2":1)"}) {
    const auto who = with(other);
    ASSERT_FALSE(who.ok()) << other;
    EXPECT_EQ(who.error().errc, Errc::unexpected_audience) << other;
  }
}

TEST(IdToken, BelongsToItsFlowAndItsAccessToken) {
  const Issuer issuer{JwtAlgorithm::es256};
  IdTokenRules bound = rules();
  bound.nonce = "n";
  EXPECT_TRUE(issuer.verify(issuer.token(claims(R"(,"nonce":"n")")), bound).ok());
  EXPECT_FALSE(issuer.verify(issuer.token(claims(R"(,"nonce":"m")")), bound).ok());
  EXPECT_FALSE(issuer.verify(issuer.token(claims()), bound).ok());
  IdTokenRules with_access = rules();
  with_access.access_token = "a";
  const Digest digest = sha256("a");
  const std::string half = base64url_encode(bytes_of(digest).substr(0, 16));
  EXPECT_TRUE(
      issuer.verify(issuer.token(claims(R"(,"at_hash":")" + half + "\"")), with_access).ok());
  EXPECT_FALSE(issuer.verify(issuer.token(claims(R"(,"at_hash":"x")")), with_access).ok());
}

TEST(IdToken, OfAnyTenantNamesItsTenant) {
  const Issuer issuer{JwtAlgorithm::rs256};
  IdTokenRules any = rules();
  any.issuers = {"https://l.example/{tenantid}/v2.0"};
  const auto from = [&](const std::string& iss, const std::string& tid) {
    return issuer
        .verify(issuer.token(R"({"sub":"s","aud":"me","iat":1,"exp":1800000300,"iss":")" + iss +
                             R"(","tid":")" + tid + R"("})"),
                any)
        .ok();
  };
  const std::string good = "https://l.example/" + std::string(kTenant) + "/v2.0";
  EXPECT_TRUE(from(good, kTenant));
  EXPECT_FALSE(from(good, "11111111-2222-4333-8444-666666666666"));
  EXPECT_FALSE(from("https://l.example/x/v2.0", "x"));
  EXPECT_FALSE(from("https://l.example/{tenantid}/v2.0", kTenant));
}

TEST(IdToken, NeverDecidesItsAlgorithm) {
  const Issuer issuer{JwtAlgorithm::es256};
  for (const char* head : {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"RS256"})",
                           R"({"alg":"ES256","crit":["x"]})", R"({"alg":"ES256","typ":"at+jwt"})",
                           R"({"alg":"es256"})", R"({})", R"([])"}) {
    EXPECT_FALSE(issuer.verify(issuer.token(claims(), head), rules()).ok()) << head;
  }
  for (const char* text : {"", ".", "..", "a.b.c", "e30.e30.", "e30.e30.e30.e30"}) {
    EXPECT_FALSE(read_id_token_head(text).ok()) << text;
  }
}

TEST(JwkSet, HasTheKeysThatVerifyAndNoOthers) {
  const Issuer ec{JwtAlgorithm::es256}, rsa{JwtAlgorithm::rs256};
  const std::string ec_key = ec.key.public_key().jwk("e"), rsa_key = rsa.key.public_key().jwk("r");
  const auto set = JwkSet::parse(
      "{\"keys\":[" + ec_key + "," + rsa_key +
      R"(,{"kty":"oct","kid":"o","k":"AAAA"})"
      R"(,{"kty":"EC","crv":"P-256","kid":"b","x":"AA","y":"AA"})"
      R"(,{"kty":"RSA","kid":"w","n":"AQAB","e":"AQAB"},{"kty":"RSA","use":"enc"},1,null]})");
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->size(), 2u);
  const PublicKey* found = set->find("e", JwtAlgorithm::es256);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->to_der(), ec.key.public_key().to_der());
  ASSERT_NE(set->find("r", JwtAlgorithm::rs256), nullptr);
  EXPECT_EQ(set->find("r", JwtAlgorithm::rs256)->to_der(), rsa.key.public_key().to_der());
  EXPECT_EQ(set->find("e", JwtAlgorithm::rs256), nullptr);
  EXPECT_EQ(set->find("o", JwtAlgorithm::hs256), nullptr);
  EXPECT_NE(set->find("", JwtAlgorithm::es256), nullptr);
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", "x"}) {
    EXPECT_FALSE(JwkSet::parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace chatpad::wire

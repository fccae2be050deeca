// Tokens of ES256 and RS256 beside those of secrets: which key a token may name, and what signs.
#include <gtest/gtest.h>

#include "runtime/wire/crypto.h"
#include "runtime/wire/jwt.h"

namespace chatpad::wire {
namespace {

constexpr int64_t kNow = 1'800'000'000;
const std::string kSecret = "a-secret-for-tests-that-is-long-enough-0123456789";
constexpr char kPayload[] = R"({"role":"authenticated","sub":"u1","exp":1800003600})";

const PrivateKey& es256() {
  static const PrivateKey key = PrivateKey::generate(JwtAlgorithm::es256);
  return key;
}
const PrivateKey& rs256() {
  static const PrivateKey key = PrivateKey::generate(JwtAlgorithm::rs256);
  return key;
}

JwtKeys keys(std::string signing_id) {
  JwtKeys made;
  made.secrets.push_back(JwtKey{"", kSecret});
  made.pairs.push_back(JwtKeyPair{"ec", es256().public_key(), es256()});
  made.pairs.push_back(JwtKeyPair{"rsa", rs256().public_key(), rs256()});
  made.signing_id = std::move(signing_id);
  return made;
}

JwtVerifier verifier(std::string signing_id = "") {
  return JwtVerifier::create(keys(std::move(signing_id))).or_raise();
}

std::string head_of(std::string_view header, std::string_view payload = kPayload) {
  return base64url_encode(header) + "." + base64url_encode(payload);
}

std::string signed_by(const PrivateKey& key, std::string_view header) {
  const std::string head = head_of(header);
  return head + "." + base64url_encode(key.sign(head));
}

std::string mac_of(std::string_view secret, std::string_view header) {
  const std::string head = head_of(header);
  return head + "." + base64url_encode(bytes_of(hmac_sha256(secret, head)));
}

void expect_refused(const std::string& token, const std::string& why) {
  const Result<Claims> claims = verifier("ec").verify(token, kNow);
  ASSERT_FALSE(claims.ok()) << why;
  EXPECT_EQ(claims.error().details, kTokenNotValid) << why;
}

TEST(JwtPairs, SignAndVerifyBesideTheSecret) {
  for (const char* id : {"", "ec", "rsa"}) {
    const std::string token = verifier(id).sign(kPayload);
    const std::string header = *base64url_decode(token.substr(0, token.find('.')));
    EXPECT_EQ(header.find("kid") == std::string::npos, id[0] == '\0');
    for (const char* other : {"", "ec", "rsa"}) {
      const Result<Claims> claims = verifier(other).verify(token, kNow);
      ASSERT_TRUE(claims.ok()) << id << " by " << other << ": " << claims.error().cause.value;
      EXPECT_EQ(claims->sub, "u1");
    }
    EXPECT_FALSE(JwtVerifier::create(kSecret).or_raise().verify(token, kNow).ok() && id[0]);
  }
}

TEST(JwtPairs, LeaveTokensOfTheSecretAlone) {
  const std::string token = verifier("rsa").sign_with_secret(kPayload);
  EXPECT_TRUE(JwtVerifier::create(kSecret).or_raise().verify(token, kNow).ok());
}

TEST(JwtPairs, ThatOnlyVerifyDoNotSign) {
  JwtKeys halves = keys("ec");
  halves.pairs.front().signer.reset();
  const JwtVerifier v = JwtVerifier::create(std::move(halves)).or_raise();
  EXPECT_TRUE(JwtVerifier::create(kSecret).or_raise().verify(v.sign(kPayload), kNow).ok());
  EXPECT_TRUE(v.verify(verifier("ec").sign(kPayload), kNow).ok());
}

TEST(JwtPairs, AreNamedByTokensOfTheirAlgorithmOnly) {
  EXPECT_TRUE(verifier().verify(signed_by(es256(), R"({"alg":"ES256","kid":"ec"})"), kNow).ok());
  EXPECT_TRUE(verifier().verify(signed_by(rs256(), R"({"alg":"RS256","kid":"rsa"})"), kNow).ok());
  for (const PrivateKey* key : {&es256(), &rs256()}) {
    for (const char* header : {R"({"alg":"ES256"})",
                               R"({"alg":"RS256"})",
                               R"({"alg":"ES256","kid":""})",
                               R"({"alg":"ES256","kid":"rsa"})",
                               R"({"alg":"RS256","kid":"ec"})",
                               R"({"alg":"HS256","kid":"ec"})",
                               R"({"alg":"HS256","kid":"rsa"})",
                               R"({"alg":"HS256"})",
                               R"({"alg":"none","kid":"ec"})",
                               R"({"alg":"ES384","kid":"ec"})",
                               R"({"alg":"ES256K","kid":"ec"})",
                               R"({"alg":"PS256","kid":"rsa"})",
                               R"({"alg":"RS384","kid":"rsa"})",
                               R"({"alg":"es256","kid":"ec"})",
                               R"({"alg":"ES256","kid":"EC"})",
                               R"({"alg":"ES256","kid":"ec "})",
                               R"({"alg":"ES256","kid":"ec","kid":"ec"})",
                               R"({"alg":"RS256","kid":["rsa"]})",
                               R"({"kid":"ec"})",
                               R"({"alg":["ES256"],"kid":"ec"})"}) {
      expect_refused(signed_by(*key, header), header);
    }
  }
}

TEST(JwtPairs, ArePublicAndNoSecrets) {
  for (const PrivateKey* key : {&es256(), &rs256()}) {
    const std::string der = key->public_key().to_der();
    const std::string pem =
        "-----BEGIN PUBLIC KEY-----\n" + base64_encode(der) + "\n-----END PUBLIC KEY-----";
    for (const std::string& secret :
         {der, pem, pem + "\n", key->public_key().jwk("ec"), key->public_key().jwk("rsa"),
          base64_encode(der), hex_encode(der), std::string()}) {
      for (const char* header :
           {R"({"alg":"HS256"})", R"({"alg":"HS256","kid":"ec"})", R"({"alg":"HS256","kid":"rsa"})",
            R"({"alg":"ES256","kid":"ec"})", R"({"alg":"RS256","kid":"rsa"})"}) {
        expect_refused(mac_of(secret, header), header);
      }
    }
  }
  // Nor is the secret a pair's.
  expect_refused(mac_of(kSecret, R"({"alg":"HS256","kid":"ec"})"), "the secret by a pair's name");
  expect_refused(mac_of(kSecret, R"({"alg":"ES256","kid":"ec"})"), "a MAC as ES256");
}

TEST(JwtPairs, ThatAreNotOfTheTableAreToldApartInTheLogOnly) {
  const PrivateKey foreign = PrivateKey::generate(JwtAlgorithm::es256);
  for (const char* header : {R"({"alg":"ES256","kid":"new"})", R"({"alg":"HS256","kid":"new"})"}) {
    const Result<Claims> claims = verifier().verify(signed_by(foreign, header), kNow);
    ASSERT_FALSE(claims.ok());
    EXPECT_EQ(claims.error().cause.value, kJwtKeyUnknown);
    EXPECT_EQ(claims.error().details, kTokenNotValid);
  }
  const Result<Claims> known =
      verifier().verify(signed_by(foreign, R"({"alg":"ES256","kid":"ec"})"), kNow);
  EXPECT_NE(known.error().cause.value, kJwtKeyUnknown);
}

TEST(JwtPairs, HaveSignaturesOfOneText) {
  const std::string token = verifier("ec").sign(kPayload);
  const std::string good = token.substr(token.rfind('.') + 1);
  const std::string head = token.substr(0, token.rfind('.') + 1);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    expect_refused(head + bad, "changed at " + std::to_string(i));
    expect_refused(head + good.substr(0, i), "cut at " + std::to_string(i));
  }
  for (const char* tail : {"=", "==", "A", "AA", ".", "\n"}) expect_refused(token + tail, tail);
}

TEST(JwtPairs, HaveOneIdEachAndAreFew) {
  const auto made = [](std::vector<std::string> ids) {
    JwtKeys some;
    some.secrets.push_back(JwtKey{"", kSecret});
    for (std::string& id : ids) {
      some.pairs.push_back(JwtKeyPair{std::move(id), es256().public_key(), std::nullopt});
    }
    return JwtVerifier::create(std::move(some));
  };
  EXPECT_TRUE(made({"a", "b"}).ok());
  for (const std::vector<std::string>& ids :
       {std::vector<std::string>{"a", "a"}, {"a", ""}, {"a", "b", "a"}}) {
    ASSERT_FALSE(made(ids).ok());
    EXPECT_EQ(made(ids).error().details, "signing_key");
  }
  std::vector<std::string> many;
  for (size_t i = 0; i <= kJwtKeyPairsMax; ++i) many.push_back(std::to_string(i));
  EXPECT_FALSE(made(many).ok());
  many.pop_back();
  EXPECT_TRUE(made(many).ok());
  EXPECT_FALSE(JwtVerifier::create(JwtKeys{}).ok()) << "there is always a secret";
}

}  // namespace
}  // namespace chatpad::wire

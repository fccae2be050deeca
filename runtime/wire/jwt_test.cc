#include "runtime/wire/jwt.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <thread>

#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

constexpr int64_t kNow = 1'800'000'000;
const std::string kSecret = "a-secret-for-tests-that-is-long-enough-0123456789";
constexpr char kHeader[] = R"({"alg":"HS256","typ":"JWT"})";
constexpr char kPayload[] = R"({"role":"authenticated","sub":"u1","exp":1800003600})";

std::string signature(std::string_view signed_part, const std::string& key = kSecret) {
  return base64url_encode(bytes_of(hmac_sha256(key, signed_part)));
}

// A correctly signed token with any header and payload, so that a refusal has one cause.
std::string token_of(std::string_view header, std::string_view payload,
                     const std::string& key = kSecret) {
  std::string token = base64url_encode(header) + "." + base64url_encode(payload);
  return token + "." + signature(token, key);
}

std::string hmac_with(const EVP_MD* md, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(md, kSecret.data(), static_cast<int>(kSecret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return base64url_encode(std::string_view(reinterpret_cast<char*>(out), size));
}

JwtVerifier verifier(JwtRules rules = {}) { return JwtVerifier::create(kSecret, rules).or_raise(); }

JwtRules strict_rules() {
  JwtRules rules;
  rules.audience = "authenticated";
  rules.issuers = {"http://localhost:8000/auth/v1", "supabase", "chatpad"};
  return rules;
}

std::string with(std::string_view extra) {
  return std::string(R"({"role":"authenticated","exp":1800003600)") + std::string(extra) + "}";
}

void expect_refused(const JwtVerifier& v, const std::string& token, const std::string& why) {
  const Result<Claims> claims = v.verify(token, kNow);
  ASSERT_FALSE(claims.ok()) << why;
  EXPECT_EQ(claims.error().errc, Errc::bad_jwt) << why;
  EXPECT_LT(claims.error().message.value.size(), 40u) << why;
  EXPECT_EQ(claims.error().details, kTokenNotValid) << why;
}

TEST(Jwt, AcceptsAPlainTokenAndReadsItsClaims) {
  const std::string payload =
      R"({"role":"visitor","sub":"v1","aud":"authenticated","iss":"chatpad","exp":1800000001,)"
      R"("iat":1800000000,"session_id":"s1","email":"a@b.example","agent_id":"g1",)"
      R"("account_id":"c1","origin":"https://shop.example","user_metadata":{"full_name":"Ann B"}})";
  const Result<Claims> claims = verifier(strict_rules()).verify(token_of(kHeader, payload), kNow);
  ASSERT_TRUE(claims.ok()) << claims.error().cause.value;
  EXPECT_EQ(claims->role, "visitor");
  EXPECT_EQ(claims->sub, "v1");
  EXPECT_EQ(claims->aud, "authenticated");
  EXPECT_EQ(claims->iss, "chatpad");
  EXPECT_EQ(claims->session_id, "s1");
  EXPECT_EQ(claims->email, "a@b.example");
  EXPECT_EQ(claims->agent_id, "g1");
  EXPECT_EQ(claims->account_id, "c1");
  EXPECT_EQ(claims->origin, "https://shop.example");
  EXPECT_EQ(claims->name, "Ann B");
  EXPECT_EQ(claims->exp, 1'800'000'001);
  EXPECT_EQ(claims->iat, 1'800'000'000);
  EXPECT_TRUE(check_json(claims->payload_json).ok());
}

TEST(Jwt, AcceptsATokenMadeElsewhere) {
  // Signed by another implementation (Python's hmac module).
  const char* const foreign =
      "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJhdXRoZW50aWNhdGVkIiwiZXhwIjoxODA"
      "wMDAzNjAwLCJzdWIiOiIzYjVhM2E5Yy05OGI4LTRkOWYtOGE1NC0xYzdlNmU0ZjJiMTAiLCJyb2xlIjo"
      "iYXV0aGVudGljYXRlZCJ9.nkiwfwQT_jCgak8d9AWtIxQBxWaXhzsUVTe-koSf7bk";
  const JwtVerifier v = verifier(strict_rules());
  const Result<Claims> claims = v.verify(foreign, kNow);
  ASSERT_TRUE(claims.ok()) << claims.error().cause.value;
  EXPECT_EQ(claims->sub, "3b5a3a9c-98b8-4d9f-8a54-1c7e6e4f2b10");
  EXPECT_TRUE(v.verify(token_of(R"({"alg":"HS256"})", kPayload), kNow).ok());
  EXPECT_TRUE(v.verify(token_of(R"({ "typ" : "JWT", "alg" : "HS256" })", kPayload), kNow).ok());
  EXPECT_TRUE(v.verify(token_of(R"({"alg":"HS256","x":1})", kPayload), kNow).ok())
      << "a header parameter nobody knows is ignored (RFC 7515, 4)";
}

TEST(Jwt, IssuerAudienceAndSessionMayBeAbsent) {
  const JwtVerifier v = verifier(strict_rules());
  for (const char* role : {"anon", "visitor", "authenticated", "service_role"}) {
    const std::string payload = std::string(R"({"exp":1800000002,"role":")") + role + "\"}";
    EXPECT_TRUE(v.verify(token_of(kHeader, payload), kNow).ok()) << role;
  }
}

TEST(Jwt, EveryListedIssuerIsAccepted) {
  const JwtVerifier v = verifier(strict_rules());
  for (const char* iss : {"http://localhost:8000/auth/v1", "supabase", "chatpad"}) {
    EXPECT_TRUE(
        v.verify(token_of(kHeader, with(std::string(",\"iss\":\"") + iss + "\"")), kNow).ok());
  }
  const JwtVerifier any = verifier();
  EXPECT_TRUE(any.verify(token_of(kHeader, with(R"(,"iss":"x","aud":"y")")), kNow).ok());
}

TEST(Jwt, TheNameOfAPersonComesFromTheirMetadata) {
  const auto name_of = [](const char* metadata) {
    const std::string payload = with(std::string(",\"user_metadata\":") + metadata);
    return verifier().verify(token_of(kHeader, payload), kNow).or_raise().name;
  };
  EXPECT_EQ(name_of(R"({"name":"Ann","full_name":"Ann B"})"), "Ann");
  EXPECT_EQ(name_of(R"({"name":"","full_name":"Ann B"})"), "Ann B");
  EXPECT_EQ(name_of(R"({"name":5})"), "");
  EXPECT_EQ(name_of("[]"), "");
  EXPECT_EQ(name_of("null"), "");
}

TEST(Jwt, ExpiryIsExactAndToldApart) {
  const JwtVerifier v = verifier();
  const std::string token = token_of(kHeader, R"({"role":"anon","exp":1800000000})");
  EXPECT_TRUE(v.verify(token, kNow - 1).ok());
  for (const int64_t late : {0, 1, 5, 1'000'000}) {
    const Result<Claims> claims = v.verify(token, kNow + late);
    ASSERT_FALSE(claims.ok());
    EXPECT_EQ(claims.error().details, kTokenExpired);
    EXPECT_EQ(claims.error().message.value, "The token has expired.");
  }
  const std::string forged = token_of(kHeader, R"({"role":"anon","exp":1})", std::string(40, 'x'));
  EXPECT_EQ(v.verify(forged, kNow).error().details, kTokenNotValid)
      << "an expired token that is also forged is just not valid";
}

TEST(Jwt, NotBeforeAndIssuedAtHaveFiveSecondsOfLeeway) {
  const JwtVerifier v = verifier();
  for (const char* claim : {"nbf", "iat"}) {
    const auto token = [&](int64_t when) {
      return token_of(kHeader, with(std::string(",\"") + claim + "\":" + std::to_string(when)));
    };
    EXPECT_TRUE(v.verify(token(kNow), kNow).ok());
    EXPECT_TRUE(v.verify(token(kNow + 5), kNow).ok());
    EXPECT_FALSE(v.verify(token(kNow + 6), kNow).ok());
    EXPECT_TRUE(v.verify(token(0), kNow).ok());
  }
}

TEST(Jwt, RefusesEveryHeaderButOurs) {
  const JwtVerifier v = verifier();
  int probes = 0;
  const auto refuse = [&](const std::string& header) {
    ++probes;
    expect_refused(v, token_of(header, kPayload), header);
  };
  for (const char* alg :
       {"none",   "None",   "nOnE",     "NONE",         "hs256",  "Hs256", "HS256 ",   " HS256",
        "HS-256", "HS384",  "HS512",    "RS256",        "RS384",  "RS512", "ES256",    "ES384",
        "ES512",  "PS256",  "PS512",    "EdDSA",        "A128KW", "dir",   "RSA-OAEP", "",
        "HS25",   "HS2566", "HS256\\n", "HS256\\u0000", "*"}) {
    refuse(std::string(R"({"typ":"JWT","alg":")") + alg + "\"}");
    refuse(std::string(R"({"alg":")") + alg + "\"}");
  }
  for (const char* alg : {"null", "true", "256", "[\"HS256\"]", "{\"HS256\":1}", "0.5"}) {
    refuse(std::string(R"({"typ":"JWT","alg":)") + alg + "}");
  }
  for (const char* typ : {"\"jwt\"", "\"Jwt\"", "\"at+jwt\"", "\"JWE\"", "\"JOSE\"", "\"\"", "null",
                          "1", "[\"JWT\"]", "\"JWT \"", "\"application/jwt\"", "true"}) {
    refuse(std::string(R"({"alg":"HS256","typ":)") + typ + "}");
  }
  for (const char* name :
       {"crit", "b64", "zip", "jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256", "cty", "enc"}) {
    for (const char* value : {"null", "false", "\"\"", "\"x\"", "[]", "[\"exp\"]", "{}",
                              "\"http://127.0.0.1:9/k\"", "\"JWT\""}) {
      refuse(std::string(R"({"alg":"HS256","typ":"JWT",")") + name + "\":" + value + "}");
    }
  }
  for (const char* kid :
       {"\"../../dev/null\"", "\"' or 1=1 --\"", "\"unknown\"", "\"\"", "null", "1", "[]", "{}",
        "\"a\\u0000\"", "\"/etc/passwd\"", "\"http://127.0.0.1:9/\""}) {
    refuse(std::string(R"({"alg":"HS256","kid":)") + kid + "}");
  }
  for (const char* header : {"",
                             "{}",
                             "[]",
                             "null",
                             "1",
                             "\"HS256\"",
                             "{",
                             R"({"typ":"JWT"})",
                             R"({"ALG":"HS256"})",
                             R"({"alg":"HS256","alg":"HS256"})",
                             R"({"alg":"none","alg":"HS256"})",
                             R"({"alg":"HS256","alg":"none"})",
                             R"({"alg":"HS256","typ":"JWT","typ":"JWT"})",
                             R"({"alg":"HS256","\u0061lg":"none"})",
                             R"([{"alg":"HS256"}])",
                             R"({"alg":"HS256"}{})",
                             R"({"alg":"HS256"} x)",
                             "\xef\xbb\xbf{\"alg\":\"HS256\"}",
                             R"({"alg":"HS256",})",
                             R"({'alg':'HS256'})",
                             "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
                             R"({"alg":"HS256","x":"\u0000"})",
                             R"({"alg":"HS256","x":1e999})"}) {
    refuse(header);
  }
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "[";
  refuse(R"({"alg":"HS256","x":)" + deep + std::string(20, ']') + "}");
  EXPECT_GE(probes, 190);
}

TEST(Jwt, RefusesEveryPayloadThatIsNotRight) {
  const JwtVerifier v = verifier(strict_rules());
  int probes = 0;
  const auto refuse = [&](const std::string& payload) {
    ++probes;
    expect_refused(v, token_of(kHeader, payload), payload.substr(0, 100));
  };
  for (const char* exp : {"\"1800003600\"",
                          "1800003600.0",
                          "1800003600.5",
                          "1e30",
                          "1e10",
                          "-1",
                          "-1800003600",
                          "true",
                          "false",
                          "null",
                          "[]",
                          "{}",
                          "[1800003600]",
                          "\"\"",
                          "18446744073709551615",
                          "9223372036854775808",
                          "99999999999999999999999999",
                          "1.8e9",
                          "-0.0",
                          "\"tomorrow\""}) {
    refuse(std::string(R"({"role":"anon","exp":)") + exp + "}");
    refuse(std::string(R"({"exp":)") + exp + R"(,"role":"service_role","sub":"u1"})");
  }
  for (const char* claim : {"iat", "nbf"}) {
    for (const char* value :
         {"\"1800000000\"", "1800000000.5", "1.8e9", "1e30", "-1", "true", "null", "[]", "{}",
          "18446744073709551615", "1800000006", "1900000000", "9223372036854775807"}) {
      refuse(with(std::string(",\"") + claim + "\":" + value));
    }
  }
  for (const char* role : {"\"postgres\"",
                           "\"authenticator\"",
                           "\"service_authenticator\"",
                           "\"chatpad_owner\"",
                           "\"replicator\"",
                           "\"api_key\"",
                           "\"supabase_admin\"",
                           "\"Anon\"",
                           "\"anon \"",
                           "\"\"",
                           "null",
                           "1",
                           "true",
                           "[\"anon\"]",
                           "{\"anon\":1}",
                           "\"anon;reset role\"",
                           "\"SERVICE_ROLE\"",
                           "\"none\"",
                           "\"public\"",
                           "\"anon\\u0000\"",
                           "\"visitor\\n\""}) {
    refuse(std::string(R"({"exp":1800003600,"role":)") + role + "}");
  }
  for (const char* aud :
       {"\"\"", "\"other\"", "\"Authenticated\"", "[]", "[\"authenticated\"]",
        "[\"authenticated\",\"x\"]", "null", "1", "true", "{}", "\"authenticated \""}) {
    refuse(with(std::string(",\"aud\":") + aud));
  }
  for (const char* iss :
       {"\"\"", "\"evil\"", "\"http://localhost:8000/auth/v1/\"", "\"http://localhost:8000\"",
        "\"Supabase\"", "\"https://localhost:8000/auth/v1\"", "null", "1", "[]", "[\"supabase\"]",
        "{}", "\"supabase\\u0000\"", "\"http://evil.example/?http://localhost:8000/auth/v1\""}) {
    refuse(with(std::string(",\"iss\":") + iss));
  }
  for (const char* claim : {"sub", "session_id", "email", "agent_id", "account_id", "origin"}) {
    const std::string too_long = "\"" + std::string(kJwtClaimBytesMax + 1, 'x') + "\"";
    for (const std::string& value :
         {std::string("null"), std::string("1"), std::string("true"), std::string("[]"),
          std::string("{}"), std::string("\"a\\u0000b\""), std::string("\"\\ud800\""),
          std::string("\"\xff\""), too_long}) {
      refuse(with(std::string(",\"") + claim + "\":" + value));
    }
  }
  for (const char* payload : {"",
                              "{}",
                              "[]",
                              "null",
                              "1",
                              "\"x\"",
                              "{",
                              R"({"exp":1800003600})",
                              R"({"role":"anon"})",
                              R"([{"role":"anon","exp":1800003600}])",
                              R"({"role":"anon","exp":1800003600}x)",
                              R"({"role":"anon","exp":1800003600,"exp":1800003600})",
                              R"({"role":"anon","exp":1,"exp":1800003600})",
                              R"({"role":"anon","role":"service_role","exp":1800003600})",
                              R"({"role":"anon","\u0072ole":"service_role","exp":1800003600})",
                              R"({"role":"anon","exp":1800003600,"sub":"a","sub":"b"})",
                              R"({"role":"anon","exp":1800003600,"app_metadata":{"a":1,"a":2}})",
                              R"({"role":"anon","exp":1800003600,"x":"\ud800"})",
                              R"({"role":"anon","exp":1800003600,"x\u0000":1})",
                              R"({"role":"anon","exp":1800003600,})",
                              "\xef\xbb\xbf{\"role\":\"anon\",\"exp\":1800003600}",
                              R"({"role":"anon","exp":1800003600,"x":1e999})",
                              R"({"Role":"anon","Exp":1800003600})"}) {
    refuse(payload);
  }
  for (const int depth : {16, 17, 100, 1000}) {
    const auto size = static_cast<size_t>(depth);
    refuse(with(",\"x\":" + std::string(size, '[') + std::string(size, ']')));
  }
  EXPECT_GE(probes, 180);
}

TEST(Jwt, SixteenLevelsOfPayloadAreAccepted) {
  const std::string payload = with(",\"x\":" + std::string(15, '[') + std::string(15, ']'));
  EXPECT_TRUE(verifier().verify(token_of(kHeader, payload), kNow).ok());
}

TEST(Jwt, RefusesEverySignatureButTheOne) {
  const JwtVerifier v = verifier();
  const std::string token = token_of(kHeader, kPayload);
  ASSERT_TRUE(v.verify(token, kNow).ok());
  const size_t dot = token.rfind('.');
  const std::string head = token.substr(0, dot + 1);
  const std::string good = token.substr(dot + 1);
  for (size_t cut = 1; cut <= good.size(); ++cut) {
    expect_refused(v, token.substr(0, token.size() - cut), "truncated by " + std::to_string(cut));
  }
  for (size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    expect_refused(v, head + other, "changed at " + std::to_string(i));
  }
  // The last character carries two bits that mean nothing: only the canonical one is taken.
  for (const char c :
       std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    if (c == good.back()) continue;
    expect_refused(v, head + good.substr(0, 42) + c, std::string("last character ") + c);
  }
  for (const std::string& tail :
       {good + "=", good + "==", good + "A", good + ".", good + ".x", "." + good, good + "\n",
        good + " ", " " + good, good + std::string(1, '\0'), good + good, std::string(43, 'A'),
        std::string(43, '-')}) {
    expect_refused(v, head + tail, tail);
  }
  const std::string part = head.substr(0, head.size() - 1);
  expect_refused(v, head + hmac_with(EVP_sha384(), part), "HS384 signature");
  expect_refused(v, head + hmac_with(EVP_sha512(), part), "HS512 signature");
  expect_refused(v, head + hmac_with(EVP_sha512(), part).substr(0, 43), "cut HS512 signature");
  expect_refused(v, head + signature(part, std::string(32, 'x')), "another key");
  expect_refused(v, head + signature(part, kSecret + "x"), "a longer key");
  expect_refused(v, head + signature(part, ""), "the empty key");
  expect_refused(v, head + signature(part, std::string(32, '\0')), "a key of zeros");
  expect_refused(v, head + base64_encode(bytes_of(hmac_sha256(kSecret, part))), "plain base64");
  expect_refused(v, head + hmac_sha256_hex(kSecret, part), "hex");
}

TEST(Jwt, RefusesTextThatIsNoToken) {
  const JwtVerifier v = verifier();
  const std::string h = base64url_encode(kHeader);
  const std::string p = base64url_encode(kPayload);
  const std::string s = signature(h + "." + p);
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("..."),
                                  std::string("a.b.c"),
                                  h,
                                  h + "." + p,
                                  h + "." + p + ".",
                                  "." + p + "." + s,
                                  h + ".." + s,
                                  h + "." + p + "." + s + ".",
                                  h + "." + p + "." + s + "." + s,
                                  " " + h + "." + p + "." + s,
                                  "Bearer " + h + "." + p + "." + s,
                                  h + "=." + p + "." + s,
                                  h + "." + p + "=." + s,
                                  h + "\n." + p + "." + s,
                                  h + ". " + p + "." + s,
                                  h + "." + p + "," + s,
                                  h + "." + h + "." + s,
                                  p + "." + h + "." + s,
                                  p + "." + p + "." + s,
                                  base64_encode(kHeader) + "==." + p + "." + s,
                                  std::string(100, '.'),
                                  std::string("\0.\0.\0", 5),
                                  std::string("null"),
                                  std::string("undefined"),
                                  std::string("\xff\xfe.\xff.\xff"),
                                  h + "." + p + std::string(1, '\0') + "." + s,
                                  std::string("eyJ.eyJ.")}) {
    expect_refused(v, text, text);
  }
}

TEST(Jwt, TheSignatureMustCoverExactlyWhatIsRead) {
  const JwtVerifier v = verifier();
  const std::string h = base64url_encode(kHeader);
  const std::string s = signature(h + "." + base64url_encode(kPayload));
  expect_refused(v, h + "." + base64url_encode(with(R"(,"role2":"x")")) + "." + s, "other payload");
  const std::string other_header = base64url_encode(R"({"alg":"HS256"})");
  expect_refused(v, other_header + "." + base64url_encode(kPayload) + "." + s, "other header");
  const std::string none = base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(kPayload);
  expect_refused(v, none + ".", "unsecured token");
  expect_refused(v, none + "." + signature(none), "none with a signature");
}

TEST(Jwt, OversizedTokensAreRefusedBeforeAnythingLooksAtThem) {
  const JwtVerifier v = verifier();
  const size_t bare = token_of(kHeader, with(",\"x\":\"\"")).size();
  const std::string filler((kJwtTokenBytesMax - bare) / 4 * 3, 'x');
  const std::string fits = token_of(kHeader, with(",\"x\":\"" + filler + "\""));
  ASSERT_LE(fits.size(), kJwtTokenBytesMax);
  ASSERT_GT(fits.size(), kJwtTokenBytesMax - 8);
  EXPECT_TRUE(v.verify(fits, kNow).ok());
  for (const size_t size : {kJwtTokenBytesMax + 1, size_t{200'000}, size_t{12'000'000}}) {
    expect_refused(v, std::string(size, 'A'), "no dots");
    std::string token = fits;
    token.insert(token.find('.') + 1, std::string(size - fits.size(), 'A'));
    expect_refused(v, token, "a huge payload");
  }
  expect_refused(v, std::string(200'000, '.'), "dots");
}

TEST(Jwt, TheLargestTokenFitsASmallStack) {
  // 128 KiB is what musl gives a thread.
  const std::string token = token_of(kHeader, with(",\"x\":\"" + std::string(5800, 'x') + "\""));
  ASSERT_LE(token.size(), kJwtTokenBytesMax);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 * 1024);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    const auto* text = static_cast<const std::string*>(argument);
    return verifier().verify(*text, kNow).ok() ? argument : nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::string*>(&token)), 0);
  void* result = nullptr;
  pthread_join(thread, &result);
  pthread_attr_destroy(&attributes);
  EXPECT_NE(result, nullptr);
}

TEST(Jwt, APublicKeyIsNoSecret) {
  // RS256 confused with HS256: tokens signed with the published key, in every form it is published.
  EVP_PKEY* raw = EVP_RSA_gen(2048);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(raw, &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(bio.get(), raw);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  const std::string pem(data, static_cast<size_t>(size));
  const JwtVerifier v = verifier();
  for (const std::string& guess : {pem, pem.substr(0, pem.size() - 1), pem + "\n"}) {
    expect_refused(v, token_of(kHeader, kPayload, guess), "HS256 over the PEM");
    expect_refused(v, token_of(R"({"alg":"RS256"})", kPayload, guess), "RS256 named");
  }
}

TEST(Jwt, WeakSecretsDoNotMakeAVerifier) {
  for (const std::string& secret :
       {std::string(), std::string("short"), std::string(31, 'x'), std::string(64, ' '),
        std::string(40, '\t'), std::string(32, '\0'),
        std::string("\n \t") + std::string(40, ' ')}) {
    const Result<JwtVerifier> v = JwtVerifier::create(secret);
    ASSERT_FALSE(v.ok()) << secret.size();
    EXPECT_EQ(v.error().details, "jwt_secret");
  }
  EXPECT_TRUE(JwtVerifier::create(std::string(32, 'x')).ok());
  EXPECT_FALSE(JwtVerifier::create(std::vector<JwtKey>()).ok());
  EXPECT_FALSE(JwtVerifier::create({JwtKey{"a", kSecret}, JwtKey{"b", "short"}}).ok());
  EXPECT_FALSE(
      JwtVerifier::create(std::vector<JwtKey>(kJwtSecretsMax + 1, JwtKey{"", kSecret})).ok());
}

TEST(Jwt, SecretsMayHoldAnyBytes) {
  std::string secret(40, '\0');
  secret[0] = 'x';
  std::string other = secret;
  other[39] = 'y';
  const std::string token = JwtVerifier::create(secret).or_raise().sign(kPayload);
  EXPECT_TRUE(JwtVerifier::create(secret).or_raise().verify(token, kNow).ok());
  EXPECT_FALSE(JwtVerifier::create(other).or_raise().verify(token, kNow).ok());
}

TEST(Jwt, ASecretIsReplacedWithoutRefusingAnybody) {
  const std::string fresh = "the-new-secret-that-is-long-enough-0123456789";
  const JwtVerifier before = verifier();
  const JwtVerifier during =
      JwtVerifier::create({JwtKey{"", fresh}, JwtKey{"", kSecret}}).or_raise();
  const JwtVerifier after = JwtVerifier::create(fresh).or_raise();
  const std::string old_token = before.sign(kPayload);
  const std::string new_token = during.sign(kPayload);
  EXPECT_TRUE(during.verify(old_token, kNow).ok());
  EXPECT_TRUE(during.verify(new_token, kNow).ok());
  EXPECT_TRUE(after.verify(new_token, kNow).ok());
  EXPECT_FALSE(after.verify(old_token, kNow).ok());
  EXPECT_FALSE(before.verify(new_token, kNow).ok());
}

TEST(Jwt, AKeyIdNamesItsKeyAndNoOther) {
  const std::string fresh = "the-new-secret-that-is-long-enough-0123456789";
  const JwtVerifier v =
      JwtVerifier::create({JwtKey{"k2", fresh}, JwtKey{"k1", kSecret}}).or_raise();
  const std::string token = v.sign(kPayload);
  const std::string header = base64url_decode(token.substr(0, token.find('.'))).value();
  EXPECT_NE(header.find("\"k2\""), std::string::npos);
  EXPECT_TRUE(v.verify(token, kNow).ok());
  EXPECT_TRUE(v.verify(token_of(R"({"alg":"HS256","kid":"k1"})", kPayload), kNow).ok());
  expect_refused(v, token_of(R"({"alg":"HS256","kid":"k2"})", kPayload), "k1's signature as k2's");
  expect_refused(v, token_of(R"({"alg":"HS256","kid":"k3"})", kPayload), "unknown id");
  EXPECT_TRUE(v.verify(token_of(kHeader, kPayload), kNow).ok());
}

TEST(Jwt, WhatIsSignedIsVerifiedAndSaysTheSame) {
  const JwtVerifier v = verifier();
  const std::string payload = R"({"exp":1800003600,"role":"authenticated",)"
                              R"("user_metadata":{"n":[1,2.5,null],"name":"Zoë \"Z\" 😀"}})";
  const Result<Claims> claims = v.verify(v.sign(payload), kNow);
  ASSERT_TRUE(claims.ok()) << claims.error().cause.value;
  EXPECT_EQ(claims->payload_json, payload);
  EXPECT_EQ(claims->name, "Zoë \"Z\" 😀");
}

TEST(Jwt, OnlyObjectsThatFitAreSigned) {
  const JwtVerifier v = verifier();
  EXPECT_THROW(v.sign("[]"), Raised);
  EXPECT_THROW(v.sign("{"), Raised);
  EXPECT_THROW(v.sign(""), Raised);
  EXPECT_THROW(v.sign("{\"x\":\"" + std::string(9000, 'x') + "\"}"), Raised);
}

TEST(Jwt, LoopsMayShareOneVerifier) {
  const JwtVerifier v = verifier();
  const std::string token = v.sign(kPayload);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(v.verify(token, kNow).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace chatpad::wire

#include "runtime/wire/jose_key.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <nlohmann/json.hpp>

#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

const std::string kText = "header.payload";

const PrivateKey& key_of(JwtAlgorithm algorithm) {
  static const PrivateKey es256 = PrivateKey::generate(JwtAlgorithm::es256);
  static const PrivateKey rs256 = PrivateKey::generate(JwtAlgorithm::rs256);
  return algorithm == JwtAlgorithm::es256 ? es256 : rs256;
}

constexpr JwtAlgorithm kBoth[] = {JwtAlgorithm::es256, JwtAlgorithm::rs256};

std::string spki_of(EVP_PKEY* key) {
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key, &raw);
  const std::string der(reinterpret_cast<char*>(raw), static_cast<size_t>(size));
  OPENSSL_free(raw);
  EVP_PKEY_free(key);
  return der;
}

// 32 bytes, most significant first.
std::string minus(std::string a, const std::string& b) {
  int borrow = 0;
  for (size_t i = a.size(); i-- > 0;) {
    int digit = static_cast<uint8_t>(a[i]) - static_cast<uint8_t>(b[i]) - borrow;
    borrow = digit < 0;
    a[i] = static_cast<char>(digit + (borrow ? 256 : 0));
  }
  return a;
}

const std::string kOrder =
    *hex_decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

TEST(JoseKey, SignsWhatItsPublicHalfVerifies) {
  for (const JwtAlgorithm algorithm : kBoth) {
    const PrivateKey& key = key_of(algorithm);
    for (const std::string& text : {kText, std::string(), std::string(9000, 'x')}) {
      const std::string signature = key.sign(text);
      EXPECT_EQ(signature.size(), key.public_key().signature_bytes());
      EXPECT_TRUE(key.public_key().verify(text, signature));
      EXPECT_FALSE(key.public_key().verify(text + "x", signature));
    }
  }
}

TEST(JoseKey, SurvivesBeingWrittenAndRead) {
  for (const JwtAlgorithm algorithm : kBoth) {
    const PrivateKey& key = key_of(algorithm);
    const PrivateKey again = PrivateKey::from_der(algorithm, key.to_der()).or_raise();
    const PublicKey half = PublicKey::from_der(algorithm, key.public_key().to_der()).or_raise();
    EXPECT_TRUE(half.verify(kText, again.sign(kText)));
    EXPECT_EQ(half.to_der(), again.public_key().to_der());
    EXPECT_EQ(half.jwk("k"), key.public_key().jwk("k"));
  }
}

TEST(JoseKey, VerifiesWhatAnotherProgramSigned) {
  // RFC 7515, A.3 (the public half of its key, as SubjectPublicKeyInfo).
  const std::string spki = *base64_decode(
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b"
      "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==");
  const PublicKey key = PublicKey::from_der(JwtAlgorithm::es256, spki).or_raise();
  const std::string text =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
      "mNvbS9pc19yb290Ijp0cnVlfQ";
  std::string signature = *base64url_decode(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  // Its s is the greater one: the other is as good to ECDSA, and the only one to us.
  EXPECT_FALSE(key.verify(text, signature));
  signature.replace(32, 32, minus(kOrder, signature.substr(32)));
  EXPECT_TRUE(key.verify(text, signature));
}

TEST(JoseKey, MakesAndTakesTheLowerSOnly) {
  const PrivateKey& key = key_of(JwtAlgorithm::es256);
  const std::string half =
      *hex_decode("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8");
  for (int i = 0; i < 64; ++i) {
    const std::string signature = key.sign(kText);
    const std::string s = signature.substr(32);
    EXPECT_LE(s, half);
    EXPECT_FALSE(key.public_key().verify(kText, signature.substr(0, 32) + minus(kOrder, s)));
  }
}

TEST(JoseKey, RefusesSignaturesOutsideOfTheirRange) {
  const PublicKey& key = key_of(JwtAlgorithm::es256).public_key();
  const std::string good = key_of(JwtAlgorithm::es256).sign(kText);
  const std::string r = good.substr(0, 32), s = good.substr(32);
  const std::string zero(32, '\0'), ones(32, '\xff');
  std::string one = zero;
  one[31] = 1;
  for (const std::string& bad :
       {zero + s,    r + zero,       zero + zero,          kOrder + s,      r + kOrder,
        ones + s,    r + ones,       ones + ones,          one + one,       s + r,
        good + '\0', good.substr(1), good.substr(0, 63),   std::string(),   r,
        s,           '\0' + good,    minus(kOrder, r) + s, kOrder + kOrder, zero + one,
        one + zero}) {
    EXPECT_FALSE(key.verify(kText, bad)) << hex_encode(bad);
  }
  const std::string der = *hex_decode("3006020101020101");
  EXPECT_FALSE(key.verify(kText, der));
  EXPECT_FALSE(key.verify(kText, der + std::string(64 - der.size(), '\0')));
}

TEST(JoseKey, RefusesEverySignatureWithABitChanged) {
  for (const JwtAlgorithm algorithm : kBoth) {
    const PublicKey& key = key_of(algorithm).public_key();
    const std::string good = key_of(algorithm).sign(kText);
    for (size_t bit = 0; bit < good.size() * 8; bit += 5) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(key.verify(kText, bad)) << bit;
    }
    for (const size_t size : {size_t{0}, size_t{1}, good.size() - 1, good.size() + 1}) {
      std::string bad = good;
      bad.resize(size);
      EXPECT_FALSE(key.verify(kText, bad)) << size;
    }
    const PrivateKey other = PrivateKey::generate(algorithm);
    EXPECT_FALSE(other.public_key().verify(kText, good));
  }
}

TEST(JoseKey, IsOfOneAlgorithm) {
  for (const JwtAlgorithm algorithm : kBoth) {
    for (const JwtAlgorithm other :
         {JwtAlgorithm::es256, JwtAlgorithm::rs256, JwtAlgorithm::hs256}) {
      if (other == algorithm) continue;
      EXPECT_FALSE(PublicKey::from_der(other, key_of(algorithm).public_key().to_der()).ok());
      EXPECT_FALSE(PrivateKey::from_der(other, key_of(algorithm).to_der()).ok());
    }
  }
}

TEST(JoseKey, IsNoWeakOrForeignKey) {
  EXPECT_FALSE(PublicKey::from_der(JwtAlgorithm::rs256, spki_of(EVP_RSA_gen(1024))).ok());
  for (const char* curve : {"P-384", "P-521", "secp256k1"}) {
    EXPECT_FALSE(PublicKey::from_der(JwtAlgorithm::es256, spki_of(EVP_EC_gen(curve))).ok())
        << curve;
  }
}

TEST(JoseKey, IsAPointOnTheCurveAndNothingElse) {
  const std::string der = key_of(JwtAlgorithm::es256).public_key().to_der();
  int read = 0;
  for (size_t i = der.size() - 64; i < der.size(); ++i) {
    std::string bad = der;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    read += PublicKey::from_der(JwtAlgorithm::es256, bad).ok() ? 1 : 0;
  }
  EXPECT_EQ(read, 0) << "a changed point lies beside the curve";
  for (const JwtAlgorithm algorithm : kBoth) {
    const std::string good = key_of(algorithm).public_key().to_der();
    for (size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(PublicKey::from_der(algorithm, good.substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(PublicKey::from_der(algorithm, good + "x").ok());
    EXPECT_FALSE(PublicKey::from_der(algorithm, std::string(kKeyDerBytesMax + 1, 'x')).ok());
    EXPECT_FALSE(PrivateKey::from_der(algorithm, good).ok()) << "a public half";
    EXPECT_FALSE(PrivateKey::from_der(algorithm, "").ok());
  }
}

TEST(JoseKey, ShowsItsPublicHalfOnly) {
  for (const JwtAlgorithm algorithm : kBoth) {
    const Json jwk = parse_json(key_of(algorithm).public_key().jwk("the id")).or_raise();
    EXPECT_EQ(jwk["kid"], "the id");
    EXPECT_EQ(jwk["alg"], jwt_algorithm_name(algorithm));
    EXPECT_EQ(jwk["use"], "sig");
    for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "k"}) {
      EXPECT_FALSE(jwk.contains(secret)) << secret;
    }
    if (algorithm == JwtAlgorithm::es256) {
      EXPECT_EQ(jwk["kty"], "EC");
      EXPECT_EQ(jwk["crv"], "P-256");
      for (const char* name : {"x", "y"}) {
        EXPECT_EQ(base64url_decode(jwk[name].get<std::string>())->size(), 32u);
      }
    } else {
      EXPECT_EQ(jwk["kty"], "RSA");
      EXPECT_EQ(jwk["e"], "AQAB");
      EXPECT_EQ(base64url_decode(jwk["n"].get<std::string>())->size(), 256u);
    }
  }
}

TEST(JoseKey, NamesItsAlgorithms) {
  for (const JwtAlgorithm algorithm :
       {JwtAlgorithm::hs256, JwtAlgorithm::es256, JwtAlgorithm::rs256}) {
    EXPECT_EQ(jwt_algorithm(jwt_algorithm_name(algorithm)), algorithm);
  }
  for (const char* name : {"", "none", "hs256", "ES384", "RS512", "PS256", "HS256 "}) {
    EXPECT_FALSE(jwt_algorithm(name)) << name;
  }
}

}  // namespace
}  // namespace chatpad::wire

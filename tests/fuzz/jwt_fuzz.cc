// No text is a token unless it was signed, and no signed payload is accepted without its claims.
//
// uses: runtime/wire/json.cc runtime/wire/json_check.cc runtime/wire/jwt.cc
// uses: runtime/wire/crypto.cc runtime/base/error.cc runtime/base/check.cc
// uses: runtime/base/uuid.cc runtime/base/clock.cc
// links: -ljwt -lcrypto
#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"
#include "runtime/wire/jwt.h"

using namespace chatpad;
using namespace chatpad::wire;

namespace {

const std::string kSecret = "a-secret-for-fuzzing-that-is-long-enough";

const JwtVerifier& verifier() {
  static const JwtVerifier instance = JwtVerifier::create(kSecret).or_raise();
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CHECK(!verifier().verify(text, 1).ok(), "nobody guesses a signature");

  // The first line is the header, the rest the payload, both signed.
  const size_t cut = text.find('\n');
  const std::string header = cut == std::string::npos ? R"({"alg":"HS256"})" : text.substr(0, cut);
  const std::string payload = cut == std::string::npos ? text : text.substr(cut + 1);
  std::string token = base64url_encode(header) + "." + base64url_encode(payload);
  token += "." + base64url_encode(bytes_of(hmac_sha256(kSecret, token)));
  const Result<Claims> claims = verifier().verify(token, 1'000);
  if (claims.ok()) {
    CHECK(claims->exp > 1'000, "an accepted token has not expired");
    CHECK(!claims->role.empty(), "an accepted token has a role");
    CHECK(check_json(claims->payload_json).ok(), "the payload is JSON again");
    CHECK(header.find("HS256") != std::string::npos || header.find('\\') != std::string::npos,
          "the header named the algorithm");
  }
  return 0;
}

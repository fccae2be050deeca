// What one verified token costs: verify ALGORITHM (hs256, es256, rs256) TOKENS, with a secret of
// the program's own making. Prints microseconds: of a token nobody has seen, of one the cache
// knows, and of a signature made. Payloads are as long as those of access tokens, and all of them
// differ.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/jwt.h"
#include "runtime/wire/jwt_cache.h"

using namespace chatpad;
using namespace chatpad::wire;

namespace {

std::string payload(int n) {
  const std::string number = std::to_string(100000 + n);
  return R"({"iss":"http://127.0.0.1:8000/auth/v1","sub":"3b5a3a9c-98b8-4d9f-8a54-1c7e6e)" +
         number + R"(","aud":"authenticated","exp":)" + std::to_string(wall_s() + 3600) +
         R"(,"iat":)" + std::to_string(wall_s()) +
         R"(,"email":"somebody@example.com","phone":"","app_metadata":{"provider":"email",)"
         R"("providers":["email"]},"user_metadata":{"display_name":"Some Body"},)"
         R"("role":"authenticated","aal":"aal1","amr":[{"method":"password",)"
         R"("timestamp":1700000000}],)"
         R"("session_id":"0d4a9d0e-6a0c-4f0a-9a51-0d7a3d2a6d0e","is_anonymous":false})";
}

JwtVerifier verifier_of(const std::string& name) {
  JwtKeys keys;
  keys.secrets.push_back(JwtKey{"", "a-secret-for-measuring-that-is-long-enough-0123456789"});
  if (name != "hs256") {
    const auto algorithm = name == "es256" ? JwtAlgorithm::es256 : JwtAlgorithm::rs256;
    PrivateKey pair = PrivateKey::generate(algorithm);
    keys.signing_id = "7c1f8f0e-2f0b-4a53-8f0a-2f6f0f0d8c11";
    keys.pairs.push_back(JwtKeyPair{keys.signing_id, pair.public_key(), pair});
  }
  JwtRules rules;
  rules.issuers = {"http://127.0.0.1:8000/auth/v1"};
  return JwtVerifier::create(std::move(keys), std::move(rules)).or_raise();
}

template <class Work>
double us_each(size_t count, Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < count; ++i) work(i);
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  return spent.count() / static_cast<double>(count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string name = argv[1];
  const auto count = static_cast<size_t>(std::atoi(argv[2]));
  const JwtVerifier verifier = verifier_of(name);
  std::vector<std::string> tokens(count);
  const double signing =
      us_each(count, [&](size_t i) { tokens[i] = verifier.sign(payload(static_cast<int>(i))); });
  const int64_t now_s = wall_s();
  size_t good = 0;
  const double fresh =
      us_each(count, [&](size_t i) { good += verifier.verify(tokens[i], now_s).ok() ? 1 : 0; });
  JwtCache cache(verifier);
  const size_t kept = std::min<size_t>(count, 1000);
  for (size_t i = 0; i < kept; ++i) (void)cache.verify(tokens[i], now_s);
  const size_t hits = 200'000;
  const double known =
      us_each(hits, [&](size_t i) { good += cache.verify(tokens[i % kept], now_s).ok() ? 1 : 0; });
  if (good != count + hits || cache.hits() != hits) return 1;
  std::printf("{\"fresh\":%.3f,\"known\":%.3f,\"signing\":%.3f,\"bytes\":%zu}\n", fresh, known,
              signing, tokens[0].size());
  return 0;
}

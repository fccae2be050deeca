#include "runtime/wire/own_origin.h"

#include <gtest/gtest.h>

namespace chatpad::wire {
namespace {

constexpr const char* kLocal = "http://127.0.0.1:8000";
constexpr const char* kPublic = "https://chat.example.com";

TEST(OwnOrigin, IsThePublicUrlsOrigin) {
  EXPECT_TRUE(is_own_origin("https://chat.example.com", kPublic));
  EXPECT_TRUE(is_own_origin("https://CHAT.example.com:443", kPublic));
  EXPECT_TRUE(is_own_origin(kLocal, kLocal));
}

TEST(OwnOrigin, HasTheNamesOfTheLoopbackWhenThePublicUrlIsOneOfThem) {
  for (const char* own : {"http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"}) {
    EXPECT_TRUE(is_own_origin("http://127.0.0.1:8000", own)) << own;
    EXPECT_TRUE(is_own_origin("http://localhost:8000", own)) << own;
    EXPECT_TRUE(is_own_origin("http://LOCALHOST:8000", own)) << own;
    EXPECT_TRUE(is_own_origin("http://[::1]:8000", own)) << own;
  }
}

TEST(OwnOrigin, IsNoOtherPortSchemeOrMachine) {
  for (const char* origin :
       {"http://localhost:8001", "http://localhost", "https://localhost:8000",
        "http://127.0.0.2:8000", "http://192.168.0.7:8000", "http://[::2]:8000",
        "http://[::ffff:127.0.0.1]:8000", "http://0.0.0.0:8000", "http://[::]:8000",
        "http://2130706433:8000", "http://0x7f.1:8000", "http://127.1:8000"}) {
    EXPECT_FALSE(is_own_origin(origin, kLocal)) << origin;
  }
}

TEST(OwnOrigin, IsNoNameThatSomebodyMadeResolveToUs) {
  for (const char* origin :
       {"http://rebind.evil.example:8000", "http://localhost.evil.example:8000",
        "http://127.0.0.1.evil.example:8000", "http://evil-localhost:8000",
        "http://app.localhost:8000", "http://localhost.:8000"}) {
    EXPECT_FALSE(is_own_origin(origin, kLocal)) << origin;
  }
}

TEST(OwnOrigin, OfAPublicServerIsNotItsLoopback) {
  for (const char* origin : {"http://localhost", "https://localhost", "https://127.0.0.1",
                             "http://127.0.0.1:8000", "https://[::1]"}) {
    EXPECT_FALSE(is_own_origin(origin, kPublic)) << origin;
  }
}

TEST(OwnOrigin, IsNothingThatIsNoOrigin) {
  for (const char* origin :
       {"", "null", "*", "http://", "localhost:8000", "//localhost:8000", "http://localhost:8000/",
        "http://localhost:8000 http://evil.example", "http://localhost:8000,http://evil.example",
        "http://user@localhost:8000", "http://localhost:8000#x", "http://localhost:8000?x",
        "http://localhost:08000x", "http://[::1:8000", "http://localhost:8000\t"}) {
    EXPECT_FALSE(is_own_origin(origin, kLocal)) << origin;
  }
  EXPECT_FALSE(is_own_origin("", ""));
  EXPECT_FALSE(is_own_origin("null", "null"));
}

}  // namespace
}  // namespace chatpad::wire

#include "functions/shared/account/oauth.h"

#include <gtest/gtest.h>

#include "runtime/wire/crypto.h"

namespace chatpad::functions {
namespace {

std::string basic(const std::string& pair) { return "Basic " + wire::base64_encode(pair); }

TEST(OAuth, ReadsAFormAndAJsonObjectAlike) {
  for (const char* body : {"grant_type=password&username=a%40b.example&scope=x+y&empty=",
                           R"( {"grant_type":"password","username":"a@b.example","scope":"x y",)"
                           R"("empty":"","absent":null})"}) {
    const TokenRequest request = TokenRequest::parse(body, "").or_raise();
    EXPECT_EQ(request.required("grant_type"), "password") << body;
    EXPECT_EQ(request.optional("username"), "a@b.example") << body;
    EXPECT_EQ(request.optional("scope"), "x y") << body;
    EXPECT_EQ(request.optional("empty"), std::nullopt) << body;
    EXPECT_EQ(request.optional("absent"), std::nullopt) << body;
    EXPECT_THROW(request.required("password"), Raised) << body;
  }
}

TEST(OAuth, TakesTheClientFromTheBodyOrFromTheHeader) {
  const TokenRequest body = TokenRequest::parse("client_id=a&client_secret=b", "").or_raise();
  EXPECT_EQ(body.client_id() + "/" + body.client_secret(), "a/b");
  for (const std::string& header : {basic("a:b"), "bAsIc " + wire::base64_encode("a:b")}) {
    const TokenRequest request = TokenRequest::parse("client_id=x", header).or_raise();
    EXPECT_EQ(request.client_id() + "/" + request.client_secret(), "a/b") << header;
  }
  const TokenRequest coded = TokenRequest::parse("", basic("a%3Ab+c:d%26e")).or_raise();
  EXPECT_EQ(coded.client_id() + "/" + coded.client_secret(), "a:b c/d&e");
}

TEST(OAuth, RefusesWhatHasTwoReadings) {
  const auto refusal = [](std::string_view body, std::string_view header) {
    const auto request = TokenRequest::parse(body, header);
    return request ? Errc::internal : request.error().errc;
  };
  EXPECT_EQ(refusal("a=1&a=2", ""), Errc::validation_failed);
  EXPECT_EQ(refusal(R"({"a":1})", ""), Errc::validation_failed);
  EXPECT_EQ(refusal(R"({"a":"1","a":"2"})", ""), Errc::bad_json);
  EXPECT_EQ(refusal("{", ""), Errc::bad_json);
  EXPECT_EQ(refusal("a=%zz", ""), Errc::validation_failed);
  EXPECT_EQ(refusal("a=" + std::string(kOAuthParameterBytesMax + 1, 'x'), ""),
            Errc::validation_failed);
  EXPECT_EQ(refusal("client_secret=b", basic("a:b")), Errc::validation_failed);
  for (const std::string& header :
       {std::string("Bearer x"), std::string("Basic"), std::string("Basic %%"), basic("nocolon"),
        basic("a:%zz"), basic("a&x=1:b"), std::string("Basic  ") + wire::base64_encode("a:b")}) {
    EXPECT_EQ(refusal("", header), Errc::invalid_api_key) << header;
  }
}

}  // namespace
}  // namespace chatpad::functions

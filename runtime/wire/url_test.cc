#include "runtime/wire/url.h"

#include <gtest/gtest.h>

namespace chatpad::wire {
namespace {

TEST(PercentDecode, DecodesOnceAndOnlyOnce) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f").or_raise(), "a b/c/");
  EXPECT_EQ(percent_decode("%252e%25").or_raise(), "%2e%");
  EXPECT_EQ(percent_decode("a+b").or_raise(), "a+b");
  EXPECT_EQ(percent_decode("%C3%A9").or_raise(), "\xc3\xa9");
  EXPECT_EQ(percent_decode("").or_raise(), "");
}

TEST(PercentDecode, RefusesBadEscapesNulAndBrokenUtf8) {
  for (const char* bad : {"%", "%2", "%g0", "%0g", "a%", "%%20", "%u0041", "%00", "a%00b", "%ff",
                          "%c0%af", "%ed%a0%80", "\xff", "% 20", "%+1"}) {
    const auto decoded = percent_decode(bad);
    ASSERT_FALSE(decoded.ok()) << bad;
    EXPECT_EQ(decoded.error().errc, Errc::bad_request);
  }
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)).ok());
}

TEST(PercentEncode, EncodesEverythingThatIsNotUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/?&=\xc3\xa9\n"), "a%20b%2F%3F%26%3D%C3%A9%0A");
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(all)).or_raise(), all);
}

TEST(QueryTest, ReadsNamesAndValuesInOrder) {
  const Query q = Query::parse("a=1&b=x%20y+z&a=2&c&d=&=e&&f=%3D%26=").or_raise();
  EXPECT_EQ(q.get("a"), "1");
  EXPECT_EQ(q.all("a"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(q.get("b"), "x y z");
  EXPECT_EQ(q.get("c"), "");
  EXPECT_EQ(q.get("d"), "");
  EXPECT_EQ(q.get(""), "e");
  EXPECT_EQ(q.get("f"), "=&=");
  EXPECT_EQ(q.get("g"), std::nullopt);
  EXPECT_TRUE(Query::parse("").or_raise().items().empty());
  EXPECT_TRUE(Query::parse("&&&").or_raise().items().empty());
}

TEST(QueryTest, SixtyFourParametersAreTheLimit) {
  std::string text;
  for (size_t i = 0; i < kQueryParametersMax; ++i) text += "k=v&";
  EXPECT_EQ(Query::parse(text).or_raise().items().size(), kQueryParametersMax);
  EXPECT_FALSE(Query::parse(text + "x=1").ok());
}

TEST(QueryTest, RefusesNulAndBadEscapesInNamesAndValues) {
  for (const char* bad : {"a=%00", "%00=a", "a=%", "a=%zz", "a=%ff", "%=1"}) {
    EXPECT_FALSE(Query::parse(bad).ok()) << bad;
  }
}

TEST(Path, AcceptsPathsWithOneReading) {
  for (const char* good :
       {"/", "/a", "/a/b", "/a/b/", "/functions/v1/widget-chat", "/a%20b", "/a.b", "/...",
        "/.well-known/x", "/a..b", "/%C3%A9", "/storage/v1/object/x/y%3Fz", "/a;v=1",
        "/a:b@c!$&'()*+,=~_-", "/%252e%252e"}) {
    EXPECT_TRUE(check_path(good).ok()) << good;
  }
}

TEST(Path, RefusesPathsWithTwoReadings) {
  for (const char* bad :
       {"",        "a",         "*",        "http://x/",   "//",        "//evil", "/a//b",
        "/a/b//",  "/.",        "/..",      "/a/../b",     "/a/./b",    "/a/..",  "/%2e",
        "/%2e%2e", "/%2E%2e/x", "/.%2e/x",  "/%2e./x",     "/a%2fb",    "/a%2Fb", "/a%5cb",
        "/a%5Cb",  "/a\\b",     "/\\..\\x", "/..;/admin",  "/..;x=1/a", "/.;/a",  "/%2e%2e;/a",
        "/a%00",   "/%00",      "/a%0ab",   "/a%0d%0aX:1", "/a%7f",     "/a%1b",  "/a b",
        "/a\tb",   "/a\nb",     "/\x7f",    "/a?b",        "/a#b",      "/%",     "/%2",
        "/%zz",    "/\xc3\xa9", "/\xff"}) {
    const auto checked = check_path(bad);
    ASSERT_FALSE(checked.ok()) << bad;
    EXPECT_EQ(checked.error().errc, Errc::bad_request);
  }
  EXPECT_FALSE(check_path(std::string_view("/a\0b", 4)).ok());
}

TEST(Path, SegmentsAreDecodedOnce) {
  EXPECT_EQ(path_segments("/a/b%20c/d%252e/").or_raise(),
            (std::vector<std::string>{"a", "b c", "d%2e"}));
  EXPECT_TRUE(path_segments("/").or_raise().empty());
  EXPECT_FALSE(path_segments("/a/../b").ok());
  EXPECT_FALSE(path_segments("/%ff").ok()) << "not UTF-8";
}

TEST(Path, TheNumberOfSegmentsIsBounded) {
  std::string path;
  for (size_t i = 0; i < kPathSegmentsMax; ++i) path += "/x";
  EXPECT_TRUE(check_path(path).ok());
  EXPECT_FALSE(check_path(path + "/x").ok());
  EXPECT_FALSE(path_segments(path + "/x").ok());
}

TEST(OriginTest, DefaultPortsAndCaseDoNotMatter) {
  EXPECT_TRUE(same_origin("https://shop.example", "HTTPS://Shop.Example:443"));
  EXPECT_TRUE(same_origin("http://shop.example:80", "http://shop.example"));
  EXPECT_TRUE(same_origin("http://localhost:3000", "http://LOCALHOST:3000"));
  EXPECT_TRUE(same_origin("http://[::1]:8000", "http://[::1]:8000"));
  EXPECT_TRUE(same_origin("capacitor://localhost", "capacitor://localhost"));
  EXPECT_EQ(parse_origin("HTTPS://Shop.Example:443")->str(), "https://shop.example");
  EXPECT_EQ(parse_origin("http://shop.example:8080")->str(), "http://shop.example:8080");
  EXPECT_EQ(parse_origin("http://[::1]")->str(), "http://[::1]");
}

TEST(OriginTest, LookalikesAreOtherOrigins) {
  const char* const shop = "https://shop.example";
  for (const char* other : {"http://shop.example",
                            "https://shop.example:444",
                            "https://shop.example.evil.example",
                            "https://evilshop.example",
                            "https://sub.shop.example",
                            "https://shop.example.",
                            "https://shop_example",
                            "wss://shop.example",
                            "https://shop.example:80",
                            "https://shop.example/",
                            "https://shop.example/x",
                            "https://shop.example@evil.example",
                            "https://evil.example#shop.example",
                            "null",
                            "",
                            "*",
                            "https://*",
                            "https://*.example",
                            "shop.example",
                            "//shop.example",
                            "https:/shop.example",
                            "https://shop.example https://evil.example",
                            "https://shop.example,https://evil.example",
                            "https://shop.example\r\nX: y",
                            " https://shop.example",
                            "https://shop.example ",
                            "https://",
                            "https://:443",
                            "https://shop.example:",
                            "https://shop.example:0",
                            "https://shop.example:0443",
                            "https://shop.example:65536",
                            "https://shop.example:99999999999",
                            "https://shop.example:4a3",
                            "https://shop.example:+443",
                            "https://shop.example:-1",
                            "https://sh\xc3\xb6p.example",
                            "https://shop..example",
                            "https://.shop.example",
                            "https://[::1",
                            "https://::1",
                            "https://[shop]",
                            "https://[::1]x",
                            "https://[]",
                            "1https://shop.example",
                            "https://user:pw@shop.example",
                            "https://shop%2eexample",
                            "https://shop.example\\evil",
                            "https://shop.example?x"}) {
    EXPECT_FALSE(same_origin(shop, other)) << other;
    EXPECT_FALSE(same_origin(other, shop)) << other;
  }
  EXPECT_FALSE(same_origin("", ""));
  EXPECT_FALSE(same_origin("null", "null"));
}

TEST(OriginTest, SizesAreBounded) {
  EXPECT_FALSE(parse_origin("https://" + std::string(254, 'a')).has_value());
  EXPECT_TRUE(parse_origin("https://" + std::string(253, 'a')).has_value());
  EXPECT_FALSE(parse_origin(std::string(100'000, 'a')).has_value());
}

}  // namespace
}  // namespace chatpad::wire

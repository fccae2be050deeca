#include "runtime/edge/assets.h"

#include <gtest/gtest.h>

#include <vector>

namespace chatpad::edge {
namespace {

const Asset kScript{"a-1.js", AssetKind::hashed, "text/javascript", "abc", "plain", "zip", "br"};
const Asset kPicture{"a-1.png", AssetKind::hashed, "image/png", "def", "pixels", "", ""};

http::Request request_with(std::vector<http::Header> headers) {
  http::Request request;
  request.method = http::Method::get;
  request.headers = std::move(headers);
  return request;
}

TEST(Assets, the_coding_the_client_likes_best_is_chosen) {
  const auto chosen = [](std::string_view header) { return choose_coding(kScript, header); };
  EXPECT_EQ(chosen(""), Coding::identity);
  EXPECT_EQ(chosen("gzip, deflate, br"), Coding::br);
  EXPECT_EQ(chosen("gzip, deflate, br, zstd"), Coding::br);
  EXPECT_EQ(chosen("gzip"), Coding::gzip);
  EXPECT_EQ(chosen("x-gzip"), Coding::gzip);
  EXPECT_EQ(chosen("GZip;Q=1.0"), Coding::gzip);
  EXPECT_EQ(chosen("br;q=0.5, gzip;q=0.9"), Coding::gzip);
  EXPECT_EQ(chosen("br ; q=0.001"), Coding::br);
  EXPECT_EQ(chosen("*"), Coding::br);
  EXPECT_EQ(chosen("br;q=0, *"), Coding::gzip);
  EXPECT_EQ(chosen("gzip;q=0.5, identity"), Coding::identity);
  EXPECT_EQ(chosen("gzip;q=0.5, identity;q=0"), Coding::gzip);
  EXPECT_EQ(chosen("deflate, zstd"), Coding::identity);
}

TEST(Assets, a_refused_coding_is_never_sent) {
  EXPECT_EQ(choose_coding(kScript, "br;q=0, gzip;q=0"), Coding::identity);
  EXPECT_EQ(choose_coding(kScript, "br;q=0.000"), Coding::identity);
  EXPECT_EQ(choose_coding(kScript, "*;q=0"), Coding::identity);
}

TEST(Assets, nonsense_in_accept_encoding_is_no_wish) {
  for (const std::string_view header :
       {",,,", ";", "br;", "br;q", "br;q=", "br;q=2", "br;q=1.5", "br;q=-1", "br;q=0.0000",
        "br;x=1", "br;q=1;q=0", "bro", "b r", "br=1", "br;q=1.0001"}) {
    const Coding coding = choose_coding(kScript, header);
    EXPECT_EQ(coding, header == "br;" ? Coding::br : Coding::identity) << header;
  }
}

TEST(Assets, what_is_not_worth_compressing_is_sent_as_it_is) {
  EXPECT_EQ(choose_coding(kPicture, "br, gzip"), Coding::identity);
}

TEST(Assets, every_coding_has_its_own_tag) {
  EXPECT_EQ(entity_tag(kScript, Coding::identity), "\"abc\"");
  EXPECT_EQ(entity_tag(kScript, Coding::gzip), "\"abc-gz\"");
  EXPECT_EQ(entity_tag(kScript, Coding::br), "\"abc-br\"");
}

TEST(Assets, if_none_match_is_a_list_that_is_compared_weakly) {
  const std::string_view tag = "\"abc\"";
  for (const std::string_view list : {"\"abc\"", "W/\"abc\"", " \"abc\" ", "\"x\", \"abc\"",
                                      "W/\"x\",W/\"abc\",\"y\"", "*", "\"a,b\", \"abc\""}) {
    EXPECT_TRUE(none_match_names(list, tag)) << list;
  }
  for (const std::string_view list :
       {"", "abc", "\"ABC\"", "\"abc", "abc\"", "\"x\" \"abc\"", "w/\"abc\"", "\"x\", *", "W/abc",
        "\"abc-br\"", ",", "\"x\", \"abc\\\""}) {
    EXPECT_FALSE(none_match_names(list, tag)) << list;
  }
}

TEST(Assets, a_reply_shows_the_bytes_where_they_lie) {
  const Reply reply =
      asset_reply(kScript, request_with({{"accept-encoding", "gzip"}}), kCacheForever);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.bytes().data(), kScript.gzip.data());
  EXPECT_EQ(reply.content_type, "text/javascript");
  EXPECT_EQ(reply.headers,
            "Content-Encoding: gzip\r\nETag: \"abc-gz\"\r\n"
            "Cache-Control: public, max-age=31536000, immutable\r\nVary: Accept-Encoding\r\n");
}

TEST(Assets, an_unchanged_representation_is_not_sent_again) {
  const Reply same = asset_reply(
      kScript, request_with({{"accept-encoding", "br"}, {"if-none-match", "\"abc-br\""}}),
      kCacheShort);
  EXPECT_EQ(same.status, 304);
  EXPECT_TRUE(same.bytes().empty());
  EXPECT_EQ(same.headers.find("Content-Encoding"), std::string::npos);
  EXPECT_NE(same.headers.find("ETag: \"abc-br\""), std::string::npos);
  const Reply other = asset_reply(
      kScript, request_with({{"accept-encoding", "gzip"}, {"if-none-match", "\"abc-br\""}}),
      kCacheShort);
  EXPECT_EQ(other.status, 200);
}

TEST(Assets, only_what_has_codings_varies) {
  const Reply reply =
      asset_reply(kPicture, request_with({{"accept-encoding", "br"}}), kCacheForever);
  EXPECT_EQ(reply.headers.find("Vary"), std::string::npos);
  EXPECT_EQ(reply.bytes(), "pixels");
}

TEST(Assets, the_program_finds_its_own_and_nothing_else) {
  ASSERT_FALSE(asset_bundle().empty());
  for (const Asset& one : asset_bundle()) EXPECT_EQ(find_asset(one.name), &one);
  for (const std::string_view name :
       {"", "..", "../loader.js", "loader.js ", "LOADER.JS", "loader.js.gz", "zzz", "\xff"}) {
    EXPECT_EQ(find_asset(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace chatpad::edge

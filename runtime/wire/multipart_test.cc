#include "runtime/wire/multipart.h"

#include <gtest/gtest.h>

namespace chatpad::wire {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=\"x y\"";

Result<std::vector<Part>> parse(std::string_view body) { return parse_multipart(kType, body); }

TEST(Multipart, ReadsFieldsAndFiles) {
  const auto parts = parse(
      "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
      "--x y\r\ncontent-disposition: form-data; name=file; "
      "filename=\"C:\\\\dir\\\\\\\"b\\\".pdf\"\r\n"
      "Content-Type: application/pdf\r\n\r\n\r\n--x\r\n\r\n--x y--\r\n");
  ASSERT_TRUE(parts.ok()) << parts.error().message.value;
  ASSERT_EQ(parts.value().size(), 2u);
  EXPECT_EQ(parts.value()[0].name, "a");
  EXPECT_EQ(parts.value()[0].content, "one");
  EXPECT_EQ(parts.value()[1].file_name, "\"b\".pdf");
  EXPECT_EQ(parts.value()[1].content_type, "application/pdf");
  EXPECT_EQ(parts.value()[1].content, "\r\n--x\r\n");
}

TEST(Multipart, AFileMayBeEmptyAndAPathIsNoName) {
  const auto parts = parse(
      "--x y\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../etc/passwd\"\r\n\r\n"
      "\r\n--x y--");
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts.value()[0].file_name, "passwd");
  EXPECT_TRUE(parts.value()[0].content.empty());
}

TEST(Multipart, WhatIsNoFormIsRefused) {
  for (const std::string_view body :
       {"", "--x y", "--x y\r\n", "--x yz\r\n\r\n\r\n--x y--", "--x y\r\n\r\none\r\n--x y--",
        "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none",
        "--x y\r\nContent-Disposition: form-data\r\n\r\none\r\n--x y--",
        "--x y\r\nContent-Disposition: form-data; name=\"\"\r\n\r\none\r\n--x y--"}) {
    EXPECT_FALSE(parse(body).ok()) << body;
  }
  EXPECT_FALSE(parse_multipart("multipart/form-data", "--\r\n").ok());
  EXPECT_FALSE(parse_multipart("multipart/form-data; boundary=", "--\r\n").ok());
}

TEST(Multipart, HasLimits) {
  std::string many;
  for (size_t i = 0; i <= kPartsMax; ++i) {
    many += "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
  }
  EXPECT_FALSE(parse(many + "--x y--").ok());
  EXPECT_FALSE(parse("--x y\r\nX: " + std::string(kPartHeadBytesMax, 'x') +
                     "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--x y--")
                   .ok());
}

TEST(Multipart, IsToldByItsMediaType) {
  EXPECT_TRUE(is_multipart("Multipart/Form-Data; boundary=x"));
  EXPECT_FALSE(is_multipart("multipart/mixed; boundary=x"));
  EXPECT_FALSE(is_multipart("application/json"));
}

}  // namespace
}  // namespace chatpad::wire

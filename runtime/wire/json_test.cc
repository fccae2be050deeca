#include "runtime/wire/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "runtime/wire/utf8.h"

namespace chatpad::wire {
namespace {

std::string nested(int depth, char open, char close) {
  std::string text;
  for (int i = 0; i < depth; ++i) {
    if (open == '{' && i > 0) text += "\"a\":";
    text += open;
  }
  text.append(static_cast<size_t>(depth), close);
  return text;
}

std::string nested_arrays(int depth) { return nested(depth, '[', ']'); }

struct Case {
  std::string text;
  bool good;
  const char* why;
};

std::vector<Case> cases() {
  const std::string digits(1'000'000, '9');
  return {
      {"{}", true, "empty object"},
      {"[]", true, "empty array"},
      {" \t\r\n{ } \n", true, "blanks around"},
      {"null", true, "scalar"},
      {"true", true, "scalar"},
      {"\"\"", true, "empty string"},
      {"-0", true, "negative zero"},
      {"0", true, "zero"},
      {"1.5e+10", true, "exponent"},
      {"1E-7", true, "exponent"},
      {"123456789012345678901234567890", true, "an integer wider than 64 bits"},
      {"1e308", true, "largest decade"},
      {"1e-400", true, "too small is zero"},
      {"0e999999999999", true, "zero stays zero"},
      {R"({"a":[1,{"b":null},"c"],"d":{"e":false}})", true, "mixture"},
      {R"("\"\\\/\b\f\n\r\t\u00e9")", true, "all escapes"},
      {R"("\ud83d\ude00")", true, "surrogate pair"},
      {"\"\xf0\x9f\x98\x80\"", true, "four bytes of UTF-8"},
      {"\"\x7f\"", true, "DEL may stand raw"},
      {R"("\u0000")", true, "NUL escape is JSON"},
      {nested_arrays(64), true, "64 levels"},
      {nested(64, '{', '}'), true, "64 objects"},

      {"", false, "nothing"},
      {" ", false, "blanks only"},
      {"{", false, "open object"},
      {"[", false, "open array"},
      {"[1", false, "open array"},
      {"[1,", false, "open array"},
      {"[1,]", false, "trailing comma"},
      {"[,1]", false, "leading comma"},
      {"[1 2]", false, "missing comma"},
      {"{\"a\"}", false, "missing value"},
      {"{\"a\":}", false, "missing value"},
      {"{\"a\":1,}", false, "trailing comma"},
      {"{a:1}", false, "bare key"},
      {"{1:1}", false, "number key"},
      {"{'a':1}", false, "single quotes"},
      {"{\"a\":1]", false, "wrong closer"},
      {"[1}", false, "wrong closer"},
      {"]", false, "closer alone"},
      {"}", false, "closer alone"},
      {"tru", false, "cut word"},
      {"True", false, "capital"},
      {"nul", false, "cut word"},
      {"NaN", false, "no number"},
      {"Infinity", false, "no number"},
      {"-", false, "sign alone"},
      {"+1", false, "plus"},
      {"01", false, "leading zero"},
      {"-01", false, "leading zero"},
      {".5", false, "no integer part"},
      {"1.", false, "no fraction"},
      {"1e", false, "no exponent"},
      {"1e+", false, "no exponent"},
      {"0x10", false, "hex"},
      {"1_000", false, "underscore"},
      {"1e309", false, "no finite double"},
      {"-1e309", false, "no finite double"},
      {"1e" + digits, false, "a million digits of exponent"},
      {digits, false, "a million digits"},
      {"\"abc", false, "open string"},
      {"\"\\\"", false, "open string"},
      {"\"\\x41\"", false, "unknown escape"},
      {"\"\\u12\"", false, "short escape"},
      {"\"\\u12g4\"", false, "bad escape"},
      {"\"\\u+123\"", false, "bad escape"},
      {"\"\\ud800\"", false, "high surrogate alone"},
      {"\"\\udc00\"", false, "low surrogate alone"},
      {"\"\\ud800\\ud800\"", false, "two high surrogates"},
      {"\"\\ud800x\"", false, "high surrogate and text"},
      {"\"\\ud800\\n\"", false, "high surrogate and another escape"},
      {"\"a\nb\"", false, "raw line feed"},
      {std::string("\"a\0b\"", 5), false, "raw NUL"},
      {std::string("{}\0", 3), false, "NUL after the value"},
      {std::string("{}\0junk", 7), false, "NUL and junk after the value"},
      {std::string("[1,\0 2]", 8), false, "NUL between tokens"},
      {std::string("\0", 1), false, "NUL"},
      {nested(65, '{', '}'), false, "65 objects"},
      {"\"\x80\"", false, "continuation byte"},
      {"\"\xc0\xaf\"", false, "overlong slash"},
      {"\"\xe0\x80\xaf\"", false, "overlong slash"},
      {"\"\xed\xa0\x80\"", false, "encoded surrogate"},
      {"\"\xf4\x90\x80\x80\"", false, "beyond Unicode"},
      {"\"\xf0\x9f\x98\"", false, "cut sequence"},
      {"\"\xff\"", false, "no UTF-8"},
      {"\xef\xbb\xbf{}", false, "byte order mark"},
      {"{} {}", false, "two values"},
      {"{}x", false, "junk"},
      {"1 2", false, "two values"},
      {"[] ]", false, "junk"},
      {"// c\n{}", false, "comment"},
      {"{}/* */", false, "comment"},
      {nested_arrays(65), false, "65 levels"},
      {nested_arrays(100'000), false, "100,000 levels"},
      {std::string(100'000, '['), false, "100,000 open arrays"},
      {"{" + std::string(5, ' ') + "\"a\":" + nested_arrays(64) + "}", false, "1 + 64 levels"},
  };
}

TEST(Json, ParserAndScannerAgreeOnWhatIsAcceptable) {
  for (const Case& c : cases()) {
    EXPECT_EQ(parse_json(c.text).ok(), c.good) << c.why << ": " << c.text.substr(0, 60);
    EXPECT_EQ(check_json(c.text).ok(), c.good) << c.why << ": " << c.text.substr(0, 60);
  }
}

TEST(Json, RefusalsAreBadJsonAndDoNotRepeatTheInput) {
  for (const Case& c : cases()) {
    if (c.good) continue;
    const Result<Json> parsed = parse_json(c.text);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().errc, Errc::bad_json);
    EXPECT_LT(parsed.error().message.value.size(), 100u);
  }
}

TEST(Json, ARepeatedKeyIsRefusedAtAnyDepth) {
  EXPECT_FALSE(parse_json(R"({"a":1,"a":1})").ok());
  EXPECT_FALSE(parse_json(R"({"x":[{"a":1,"b":2,"a":3}]})").ok());
  EXPECT_FALSE(parse_json(R"({"a":1,"\u0061":2})").ok()) << "the same key in another spelling";
  EXPECT_TRUE(parse_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})").ok());
}

TEST(Json, LimitsAreReachedExactly) {
  const JsonLimits four{.depth_max = 4, .bytes_max = 12};
  EXPECT_TRUE(parse_json("[[[[1]]]]", four).ok());
  EXPECT_FALSE(parse_json("[[[[[]]]]]", four).ok());
  EXPECT_TRUE(check_json("[[[[1]]]]", four).ok());
  EXPECT_FALSE(check_json("[[[[[]]]]]", four).ok());
  EXPECT_TRUE(parse_json("[1,2,3,4,56]", four).ok());
  EXPECT_FALSE(parse_json("[1,2,3,4,567]", four).ok());
  EXPECT_FALSE(check_json("[1,2,3,4,567]", four).ok());
}

TEST(Json, NulIsRefusedWhereItIsAskedFor) {
  const JsonLimits limits{.nul = NulEscape::refuse};
  EXPECT_FALSE(parse_json(R"({"a":"x\u0000y"})", limits).ok());
  EXPECT_FALSE(parse_json(R"({"a\u0000":1})", limits).ok());
  EXPECT_FALSE(check_json(R"({"a":["x\u0000y"]})", limits).ok());
  EXPECT_TRUE(check_json(R"({"a":"x\\u0000y"})", limits).ok()) << "an escaped backslash";
  EXPECT_TRUE(parse_json(R"({"a":"x\\u0000y"})", limits).ok());
}

TEST(Json, AMillionKeysAreParsedAndGivenBack) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) {
    if (i > 0) text += ',';
    text += "\"k" + std::to_string(i) + "\":" + std::to_string(i);
  }
  text += '}';
  Result<Json> parsed = parse_json(text);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->size(), 200'000u);
  EXPECT_EQ(dump(*parsed).size(), text.size());
}

TEST(Json, DumpNeverThrowsOnBrokenText) {
  const Json value = {{"a", "x\xff\xfey"}};
  EXPECT_EQ(dump(value), "{\"a\":\"x\xef\xbf\xbd\xef\xbf\xbdy\"}");
}

TEST(Json, IntegersKeepAllTheirDigits) {
  const std::string text = "[9223372036854775807,-9223372036854775808,18446744073709551615]";
  const Result<Json> parsed = parse_json(text);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(dump(*parsed), text);
}

TEST(JsonString, WhatIsWrittenReadsBackTheSame) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  text += "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x80\xa8\xe2\x80\xa9";
  const Result<Json> parsed = parse_json(json_string(text));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->get<std::string>(), text);
}

TEST(JsonString, BrokenBytesBecomeReplacementCharacters) {
  EXPECT_EQ(json_string("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_TRUE(check_json(json_string("\xf0\x9f\x98")).ok());
}

TEST(JsonString, TextCannotLeaveAScriptElementByLineSeparators) {
  EXPECT_EQ(json_string("a\xe2\x80\xa8z\xe2\x80\xa9"), R"("a\u2028z\u2029")");
}

TEST(JsonWriter, WritesNestedValuesWithTheRightCommas) {
  JsonWriter w;
  w.object().field("id", 7).field("name", "a\"b").array("items").value(1).value("two").null();
  w.object().end().array().end().end().raw_field("raw", "[1]").field("flag", true);
  w.object("inner").field("x", 1.5).field("none", std::optional<std::string>()).end().end();
  EXPECT_EQ(std::move(w).str(),
            R"({"id":7,"name":"a\"b","items":[1,"two",null,{},[]],"raw":[1],"flag":true,)"
            R"("inner":{"x":1.5,"none":null}})");
}

TEST(JsonWriter, NumbersAreWrittenWholeAndInfinityIsNull) {
  JsonWriter w;
  w.array().value(std::numeric_limits<int64_t>::min()).value(std::numeric_limits<uint64_t>::max());
  w.value(0.1).value(std::numeric_limits<double>::infinity()).value(static_cast<uint8_t>(9)).end();
  EXPECT_EQ(w.view(), "[-9223372036854775808,18446744073709551615,0.1,null,9]");
}

TEST(JsonWriter, AScalarMayStandAlone) {
  JsonWriter w;
  w.value("x");
  EXPECT_EQ(w.view(), "\"x\"");
}

TEST(Utf8, EveryCodePointSurvivesAndSurrogatesDoNot) {
  for (char32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 37) {
    std::string text;
    append_utf8(text, c);
    EXPECT_EQ(is_utf8(text), c < 0xd800 || c > 0xdfff) << static_cast<uint32_t>(c);
  }
  EXPECT_EQ(utf8_length("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4u);
  EXPECT_TRUE(is_utf8("plain text that is longer than eight bytes"));
  EXPECT_FALSE(is_utf8("plain text with one bad byte at the end\xc3"));
}

}  // namespace
}  // namespace chatpad::wire

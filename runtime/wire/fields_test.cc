#include "runtime/wire/fields.h"

#include <gtest/gtest.h>

#include <functional>

namespace chatpad::wire {
namespace {

Fields fields_of(std::string_view json) { return Fields::parse(json).or_raise(); }

// Runs a getter and gives the error it raised.
Error error_of(const std::function<void()>& getter) {
  try {
    getter();
  } catch (const Raised& raised) {
    return raised.error();
  }
  ADD_FAILURE() << "nothing was raised";
  return Error();
}

constexpr char kId[] = "6BA7B810-9dad-11d1-80b4-00c04fd430c8";

TEST(Fields, OnlyAnObjectIsABody) {
  for (const char* body :
       {"", "[]", "1", "\"x\"", "null", "{", "{\"a\":1}}", "{\"a\":1,\"a\":2}"}) {
    const Result<Fields> parsed = Fields::parse(body);
    ASSERT_FALSE(parsed.ok()) << body;
    EXPECT_EQ(parsed.error().errc, Errc::bad_json);
  }
  EXPECT_TRUE(Fields::parse("{}").ok());
}

TEST(Fields, ReadsEveryTypeAndIgnoresUnknownFields) {
  const Fields f = fields_of(std::string(R"({"id":")") + kId +
                             R"(","s":"hé","n":-5,"d":2.5,"b":true,"o":{"x":[1]},"a":[1,"2"],)"
                             R"("mail":"Ann@shop.example","unknown":{"deep":[[]]}})");
  EXPECT_EQ(f.uuid("id").str(), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_EQ(f.string("s", 1, 2), "h\xc3\xa9") << "two code points in three bytes";
  EXPECT_EQ(f.integer("n", -5, 5), -5);
  EXPECT_EQ(f.number("d", 0, 3), 2.5);
  EXPECT_TRUE(f.boolean("b", false));
  EXPECT_EQ(f.optional_object_text("o", 100), R"({"x":[1]})");
  EXPECT_EQ(f.optional_array_text("a", 100), R"([1,"2"])");
  EXPECT_EQ(f.optional_email("mail"), "Ann@shop.example");
}

TEST(Fields, NullCountsAsAbsent) {
  const Fields f = fields_of(R"({"x":null})");
  EXPECT_EQ(f.optional_uuid("x"), std::nullopt);
  EXPECT_EQ(f.optional_string("x", 5), std::nullopt);
  EXPECT_EQ(f.optional_email("x"), std::nullopt);
  EXPECT_EQ(f.optional_integer("x", 0, 1), std::nullopt);
  EXPECT_EQ(f.optional_number("x", 0, 1), std::nullopt);
  EXPECT_EQ(f.optional_boolean("x"), std::nullopt);
  EXPECT_TRUE(f.boolean("x", true));
  EXPECT_EQ(f.optional_object_text("x", 5), std::nullopt);
  EXPECT_EQ(f.optional_array_text("x", 5), std::nullopt);
  EXPECT_FALSE(f.optional_object("x").has_value());
  EXPECT_TRUE(f.string_list("x", 1, 1).empty());
  EXPECT_TRUE(f.present("x"));
  EXPECT_FALSE(f.has("x"));
  EXPECT_FALSE(f.present("y"));
  EXPECT_EQ(f.optional_json_text("x", 10), "null");
}

TEST(Fields, AMissingFieldIsNamedInASentence) {
  const Fields f = fields_of("{}");
  const Error error = error_of([&] { f.string("message", 1, 8000); });
  EXPECT_EQ(error.errc, Errc::validation_failed);
  EXPECT_EQ(error.details, "message");
  EXPECT_EQ(error.message.value, "message must be a string of 1 to 8000 characters.");
  EXPECT_EQ(error_of([&] { f.uuid("agentId"); }).message.value, "agentId must be a UUID.");
  EXPECT_EQ(error_of([&] { f.integer("n", 1, 9); }).message.value,
            "n must be an integer from 1 to 9.");
  EXPECT_EQ(error_of([&] {
              f.choice("tier", {"a", "b"});
            }).message.value,
            "tier must be one of a, b.");
}

TEST(Fields, AValueOfTheWrongTypeIsAnErrorEvenWhenOptional) {
  const Fields f = fields_of(R"({"s":"x","n":1,"d":1.5,"b":true,"o":{},"a":[]})");
  EXPECT_EQ(error_of([&] { f.optional_uuid("n"); }).details, "n");
  EXPECT_EQ(error_of([&] { f.optional_uuid("s"); }).details, "s");
  EXPECT_EQ(error_of([&] { f.optional_string("n", 9); }).details, "n");
  EXPECT_EQ(error_of([&] { f.optional_string("a", 9); }).details, "a");
  EXPECT_EQ(error_of([&] { f.optional_email("o"); }).details, "o");
  EXPECT_EQ(error_of([&] { f.optional_integer("s", 0, 9); }).details, "s");
  EXPECT_EQ(error_of([&] { f.optional_integer("d", 0, 9); }).details, "d");
  EXPECT_EQ(error_of([&] { f.optional_integer("b", 0, 9); }).details, "b");
  EXPECT_EQ(error_of([&] { f.optional_number("s", 0, 9); }).details, "s");
  EXPECT_EQ(error_of([&] { f.boolean("s", false); }).details, "s");
  EXPECT_EQ(error_of([&] { f.boolean("n", false); }).details, "n");
  EXPECT_EQ(error_of([&] { f.optional_object_text("a", 9); }).details, "a");
  EXPECT_EQ(error_of([&] { f.optional_array_text("o", 9); }).details, "o");
  EXPECT_EQ(error_of([&] { f.string_list("o", 9, 9); }).details, "o");
  EXPECT_EQ(error_of([&] { f.optional_object("a"); }).details, "a");
}

TEST(Fields, LengthsCountCodePoints) {
  const std::string face = "\xf0\x9f\x98\x80";
  const Fields f = fields_of("{\"s\":\"" + face + face + face + "\",\"e\":\"\"}");
  EXPECT_EQ(f.string("s", 3, 3).size(), 12u);
  EXPECT_EQ(error_of([&] { f.string("s", 1, 2); }).details, "s");
  EXPECT_EQ(error_of([&] { f.string("s", 4, 9); }).details, "s");
  EXPECT_EQ(f.optional_string("e", 5), "");
  EXPECT_EQ(error_of([&] { f.string("e", 1, 5); }).details, "e");
}

TEST(Fields, ControlCharactersAreRefusedButLineBreaksAndTabsAreNot) {
  const Fields f =
      fields_of(R"({"ok":"a\n\r\tb","nul":"a\u0000b","esc":"a\u001bb","del":"a\u007f"})");
  EXPECT_EQ(f.string("ok", 1, 9), "a\n\r\tb");
  EXPECT_EQ(error_of([&] { f.string("nul", 1, 9); }).message.value,
            "nul must not contain control characters.");
  EXPECT_EQ(error_of([&] { f.string("esc", 1, 9); }).details, "esc");
  EXPECT_EQ(f.string("del", 1, 9), "a\x7f");
}

TEST(Fields, NestedTextMayNotHideANul) {
  const Fields f =
      fields_of(R"({"bad":{"a":["x\u0000"]},"good":{"a":"x\\u0000"},"key":{"\u0000":1}})");
  EXPECT_EQ(error_of([&] { f.optional_object_text("bad", 99); }).details, "bad");
  EXPECT_EQ(error_of([&] { f.optional_object_text("key", 99); }).details, "key");
  EXPECT_TRUE(f.optional_object_text("good", 99).has_value());
}

TEST(Fields, IntegersStayInsideTheirRange) {
  const Fields f = fields_of(
      R"({"max":9223372036854775807,"over":9223372036854775808,"min":-9223372036854775808,)"
      R"("e":1e3,"neg":-1,"big":1e30})");
  EXPECT_EQ(f.integer("max", 0, INT64_MAX), INT64_MAX);
  EXPECT_EQ(f.integer("min", INT64_MIN, 0), INT64_MIN);
  EXPECT_EQ(error_of([&] { f.integer("over", 0, INT64_MAX); }).details, "over");
  EXPECT_EQ(error_of([&] { f.integer("e", 0, 5000); }).details, "e");
  EXPECT_EQ(error_of([&] { f.integer("neg", 0, 5); }).details, "neg");
  EXPECT_EQ(error_of([&] { f.integer("big", 0, INT64_MAX); }).details, "big");
}

TEST(Fields, NestedTextIsBounded) {
  const Fields f = fields_of(R"({"o":{"abc":"defgh"}})");
  EXPECT_TRUE(f.optional_object_text("o", 15).has_value());
  EXPECT_EQ(error_of([&] { f.optional_object_text("o", 14); }).details, "o");
}

TEST(Fields, ListsAreBoundedAndTyped) {
  const Fields f = fields_of(std::string(R"({"s":["a","b"],"ids":[")") + kId +
                             R"("],"mixed":["a",1],"o":[{"x":1},{"x":2}],"p":[{},1]})");
  EXPECT_EQ(f.string_list("s", 2, 1), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(error_of([&] { f.string_list("s", 1, 1); }).details, "s");
  EXPECT_EQ(error_of([&] { f.string_list("mixed", 9, 9); }).details, "mixed");
  EXPECT_EQ(f.uuid_list("ids", 5).size(), 1u);
  EXPECT_EQ(error_of([&] { f.uuid_list("s", 5); }).details, "s");
  const std::vector<Fields> list = f.object_list("o", 5);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1].integer("x", 0, 9), 2);
  EXPECT_EQ(error_of([&] { f.object_list("p", 5); }).details, "p");
}

TEST(Fields, APartOutlivesTheWhole) {
  std::optional<Fields> part;
  {
    const Fields f = fields_of(R"({"inner":{"deep":{"x":"still here"}}})");
    part = f.optional_object("inner")->optional_object("deep");
  }
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->string("x", 1, 20), "still here");
  EXPECT_EQ(part->text(), R"({"x":"still here"})");
}

TEST(Fields, EmailAddressesAreToldFromOtherText) {
  for (const char* good : {"a@b.co", "first.last+tag@sub.shop.example", "o'neil@x.ie",
                           "\xc3\xbc@\xc3\xbc.example", "1@2.3.example"}) {
    EXPECT_TRUE(is_email(good)) << good;
  }
  const std::string long_local = std::string(65, 'a') + "@b.example";
  const std::string long_all = "a@" + std::string(250, 'b') + ".com";
  for (const std::string& bad : {std::string(),
                                 std::string("a"),
                                 std::string("@b.co"),
                                 std::string("a@"),
                                 std::string("a@b"),
                                 std::string("a@@b.co"),
                                 std::string("a@b.co@c.de"),
                                 std::string("a b@c.de"),
                                 std::string("a@b c.de"),
                                 std::string("a\n@b.co"),
                                 std::string("a@b.co\r\nBcc: x@y.zz"),
                                 std::string(".a@b.co"),
                                 std::string("a.@b.co"),
                                 std::string("a..b@c.de"),
                                 std::string("a@.co"),
                                 std::string("a@co."),
                                 std::string("a@-b.co"),
                                 std::string("<a@b.co>"),
                                 std::string("a@b,co.de"),
                                 std::string("a\0@b.co", 7),
                                 std::string("a\xff@b.co"),
                                 long_local,
                                 long_all}) {
    EXPECT_FALSE(is_email(bad)) << bad;
  }
}

TEST(Fields, TheBytesOfAnOriginalErrorNeverComeBack) {
  const Fields f = fields_of(R"({"s":"<script>secret"})");
  const Error error = error_of([&] { f.uuid("s"); });
  EXPECT_EQ(error.message.value.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace chatpad::wire

#include "functions/shared/visitor/attributes.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

std::optional<std::string> read(const std::string& value) {
  return read_attributes(wire::Fields::parse(R"({"customAttributes":)" + value + "}").or_raise());
}

std::string object_of(size_t count, const std::string& value) {
  std::string text = "{";
  for (size_t n = 0; n < count; ++n) {
    text += (n ? "," : "") + ("\"a" + std::to_string(n)) + "\":" + value;
  }
  return text + "}";
}

TEST(Attributes, KeepsTextsNumbersAndBooleans) {
  EXPECT_EQ(read(R"({"tier":"gold","orders":12,"rate":0.5,"vip":true,"gone":null})"),
            R"({"orders":12,"rate":0.5,"tier":"gold","vip":true})");
  EXPECT_EQ(read("{}"), "{}");
}

TEST(Attributes, TakesTheTextOfAnObject) {
  EXPECT_EQ(read(R"("{\"tier\":\"gold\"}")"), R"({"tier":"gold"})");
}

TEST(Attributes, AreNotThereWhenNothingIsSaid) {
  EXPECT_FALSE(read_attributes(wire::Fields::parse("{}").or_raise()));
  EXPECT_FALSE(read("null"));
  EXPECT_FALSE(read(R"("")"));
}

TEST(Attributes, RefusesWhatIsNoFlatObject) {
  for (const char* wrong :
       {"1", "true", "[]", R"("x")", R"("[]")", R"("{\"a\":")", R"({"a":{}})", R"({"a":[]})",
        R"({"":1})", R"({"a\nb":1})", R"("{\"a\":\"\\u0000\"}")"}) {
    EXPECT_THROW(read(wrong), Raised) << wrong;
  }
}

TEST(Attributes, HoldTheirLimits) {
  EXPECT_TRUE(read(object_of(kAttributesMax, "1")));
  EXPECT_THROW(read(object_of(kAttributesMax + 1, "1")), Raised);
  EXPECT_TRUE(read("{\"" + std::string(kAttributeNameCharsMax, 'n') + "\":1}"));
  EXPECT_THROW(read("{\"" + std::string(kAttributeNameCharsMax + 1, 'n') + "\":1}"), Raised);
  EXPECT_TRUE(read("{\"a\":\"" + std::string(kAttributeTextCharsMax, 'x') + "\"}"));
  EXPECT_THROW(read("{\"a\":\"" + std::string(kAttributeTextCharsMax + 1, 'x') + "\"}"), Raised);
  EXPECT_THROW(read(object_of(30, "\"" + std::string(400, 'x') + "\"")), Raised);
}

}  // namespace
}  // namespace chatpad::functions

#include "functions/shared/external/saml_mapping.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

saml::SamlPerson person() {
  saml::SamlPerson who;
  who.attributes["mail"] = {"ann@acme.test"};
  who.attributes["memberOf"] = {"staff", "sales"};
  who.attributes["empty"] = {};
  return who;
}

TEST(SamlMapping, GivesTheFirstNameThatHasAValue) {
  const auto mapping = read_mapping(R"({"email":{"names":["empty","none","mail"]},)"
                                    R"("groups":{"name":"memberOf","array":true},)"
                                    R"("one":{"name":"memberOf"},"team":{"default":{"a":1}},)"
                                    R"("nothing":{"name":"none"}})")
                           .or_raise();
  std::map<std::string, std::string> claims;
  for (const MappedAttribute& one : mapping) claims[one.key] = claim_of(one, person());
  EXPECT_EQ(claims["email"], R"("ann@acme.test")");
  EXPECT_EQ(claims["groups"], R"(["staff","sales"])");
  EXPECT_EQ(claims["one"], R"("staff")");
  EXPECT_EQ(claims["team"], R"({"a":1})");
  EXPECT_EQ(claims["nothing"], "");
}

TEST(SamlMapping, RefusesWhatIsNone) {
  for (const char* wrong :
       {"[]", "1", R"({"a":1})", R"({"a":{"name":1}})", R"({"a":{"names":"x"}})",
        R"({"a":{"names":[""]}})", R"({"a":{"array":"yes"}})", R"({"":{}})"}) {
    const auto mapping = read_mapping(wrong);
    ASSERT_FALSE(mapping) << wrong;
    EXPECT_EQ(mapping.error().errc, Errc::validation_failed) << wrong;
    EXPECT_EQ(mapping.error().details, "attribute_mapping") << wrong;
  }
  EXPECT_TRUE(read_mapping("{}"));
}

}  // namespace
}  // namespace chatpad::functions

#include "functions/shared/external/oidc_person.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

SignInProvider provider(ProviderKind kind, std::string issuer) {
  SignInProvider made;
  made.kind = kind;
  made.identifier = "test";
  made.issuer = std::move(issuer);
  return made;
}

std::string claims(const std::string& issuer) {
  return R"({"iss":")" + issuer +
         R"(","sub":"1","email":"ann@example.test","email_verified":true,"xms_edov":true})";
}

std::string stored(const SignInProvider& from, const std::string& issuer) {
  const Result<OidcPerson> person = read_person(from, claims(issuer), "");
  return person ? person->identity.data_json : "";
}

TEST(OidcPerson, is_of_one_issuer_however_google_writes_it) {
  const SignInProvider google = provider(ProviderKind::google, "https://accounts.google.com");
  const std::string with = stored(google, "https://accounts.google.com");
  EXPECT_EQ(with, stored(google, "accounts.google.com"));
  EXPECT_NE(with.find(R"("iss":"https://accounts.google.com")"), std::string::npos);
}

TEST(OidcPerson, is_of_the_tenant_that_azure_names) {
  const SignInProvider azure =
      provider(ProviderKind::azure, "https://login.microsoftonline.com/common/v2.0");
  const std::string tenant = "https://login.microsoftonline.com/7-7/v2.0";
  EXPECT_NE(stored(azure, tenant).find(tenant), std::string::npos);
}

}  // namespace
}  // namespace chatpad::functions

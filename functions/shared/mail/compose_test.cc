#include "functions/shared/mail/compose.h"

#include <gtest/gtest.h>

#include "functions/shared/mail/sealed_mail.h"

namespace chatpad::functions {
namespace {

Config config() {
  Config config;
  config.public_url = "https://chat.example";
  config.jwt_secret = std::string(32, 's');
  return config;
}

TEST(Mail, of_a_kind_of_sign_in_has_its_link_and_its_code) {
  const Mail mail =
      compose_mail(config(), "recovery",
                   R"({"token":"t-1","otp":"012345","redirectTo":"https://a.example/?x=1&y"})");
  EXPECT_EQ(mail.link,
            "https://chat.example/auth/v1/verify?token=t-1&type=recovery&redirect_to="
            "https%3A%2F%2Fa.example%2F%3Fx%3D1%26y");
  EXPECT_NE(mail.text.find(mail.link), std::string::npos);
  EXPECT_NE(mail.text.find("\n012345\n"), std::string::npos);
  const Mail change = compose_mail(config(), "email_change_current",
                                   R"({"token":"t","otp":"000000","redirectTo":""})");
  EXPECT_NE(change.link.find("type=email_change&"), std::string::npos);
  const Mail code =
      compose_mail(config(), "reauthentication", R"({"token":"t","otp":"000000","redirectTo":""})");
  EXPECT_EQ(code.link, "");
}

TEST(Mail, of_another_kind_brings_its_words_along) {
  const Mail mail = compose_mail(config(), "team_invitation", R"({"subject":"S","text":"T"})");
  EXPECT_EQ(mail.subject + mail.text, "ST");
  EXPECT_THROW(compose_mail(config(), "team_invitation", R"({"text":"T"})"), Raised);
  EXPECT_THROW(compose_mail(config(), "signup", R"({"otp":"1"})"), Raised);
}

TEST(SealedMail, opens_with_the_same_secret_only) {
  const std::string sealed = seal_mail(config(), R"({"token":"t-1"})");
  EXPECT_EQ(sealed.find("t-1"), std::string::npos);
  EXPECT_EQ(open_mail(config(), sealed).or_raise(), R"({"token":"t-1"})");
  Config other = config();
  other.jwt_secret = std::string(32, 'x');
  EXPECT_FALSE(open_mail(other, sealed));
  EXPECT_FALSE(open_mail(config(), sealed.substr(1)));
}

TEST(Mail, that_cannot_be_put_into_words_is_an_error_and_no_exception) {
  const auto sealed = [](std::string_view content) { return seal_mail(config(), content); };
  EXPECT_TRUE(read_mail(config(), "team_invitation", sealed(R"({"subject":"S","text":"T"})")));
  EXPECT_FALSE(
      read_mail(config(), "team_invitation", sealed(R"({"subject":"S","text":"T\u0001"})")));
  EXPECT_FALSE(read_mail(config(), "team_invitation", sealed("{}")));
  EXPECT_FALSE(read_mail(config(), "team_invitation", sealed("no JSON")));
  EXPECT_FALSE(read_mail(config(), "team_invitation", "not sealed"));
}

}  // namespace
}  // namespace chatpad::functions

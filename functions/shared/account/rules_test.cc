#include "functions/shared/account/rules.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

Config config() {
  Config config;
  config.public_url = "http://127.0.0.1:8000";
  config.auth.site_url = "https://shop.example/welcome";
  config.auth.redirect_urls = {"https://*.shop.example/**", "myapp://signed-in",
                               "https://one.example/exactly"};
  return config;
}

TEST(Redirect, goes_to_our_own_pages_the_site_and_what_is_listed) {
  for (const char* url :
       {"http://127.0.0.1:8000/admin/", "http://localhost:8000/admin/x?y=1", "https://shop.example",
        "https://shop.example/any/page#part", "https://eu.shop.example/",
        "https://eu.shop.example/a.b/c?d=https://evil.example/", "myapp://signed-in",
        "myapp://signed-in#x", "https://one.example/exactly"}) {
    EXPECT_TRUE(is_allowed_redirect(config(), url)) << url;
    EXPECT_EQ(allowed_redirect(config(), url), url);
  }
}

TEST(Redirect, goes_nowhere_else) {
  for (const char* url : {"",
                          "/admin/",
                          "//evil.example/",
                          "evil.example",
                          "https://evil.example/",
                          "https://eu.shop.example",
                          "http://eu.shop.example/",
                          "https://a.b.shop.example/",
                          "https://shop.example@evil.example/",
                          "https://evil.example/@shop.example/",
                          "https://eu.shop.example@evil.example/",
                          "https://evil.example/.shop.example/",
                          "https://eu.shop.example.evil.example/",
                          "https://evil.example#.shop.example/",
                          "https://evil.example?.shop.example/",
                          "https://evil?.shop.example/x",
                          "https://evil.example\\.shop.example/",
                          "https://shop.example:444/",
                          "http://127.0.0.1:8001/",
                          "javascript:alert(1)",
                          "JavaScript:alert(1)",
                          "data:text/html,x",
                          "file:///etc/passwd",
                          "myapp://signed-in/x",
                          "https:/shop.example/",
                          "https:shop.example",
                          "https://",
                          "https://shop.example/\r\nX: y",
                          " https://shop.example/",
                          "https://one.example/exactly/not",
                          "https://one.example/exactl"}) {
    EXPECT_FALSE(is_allowed_redirect(config(), url)) << url;
    EXPECT_EQ(allowed_redirect(config(), url), "https://shop.example/welcome") << url;
  }
  EXPECT_FALSE(is_allowed_redirect(config(), "https://shop.example/" + std::string(2048, 'x')));
  EXPECT_EQ(allowed_redirect(config(), std::nullopt), "https://shop.example/welcome");
}

TEST(Redirect, leads_to_no_page_whose_url_a_tenant_reads) {
  Config here = config();
  here.public_url = "https://chat.example";
  here.auth.site_url = "https://chat.example/admin/";
  for (const char* path : {"", "/", "/admin/", "/admin/?x=1#/chat/", "/chatter", "/app/chat/x"}) {
    EXPECT_TRUE(is_allowed_redirect(here, std::string("https://chat.example") + path)) << path;
  }
  for (const char* path :
       {"/chat/7", "/chat", "/chat?x", "/demo", "/demo#x", "/widget/7", "//chat/7", "/./chat/7",
        "/admin/../chat/7", "/%63hat/7", "/admin/%2e%2e/chat/7", "/admin/.."}) {
    EXPECT_FALSE(is_allowed_redirect(here, std::string("https://chat.example") + path)) << path;
  }
}

TEST(Redirect, takes_no_time_for_a_pattern_of_many_stars) {
  Config many = config();
  many.auth.redirect_urls = {"https://a/*a*a*a*a*a*a*a*a**b**b**b**b*c"};
  EXPECT_FALSE(is_allowed_redirect(many, "https://a/" + std::string(2000, 'a')));
}

TEST(Rules, say_to_sql_what_the_settings_are) {
  Config settings = config();
  settings.rate_scale = 10;
  settings.auth.sign_up = SignUp::domain;
  settings.auth.sign_up_domains = {"tea.example"};
  EXPECT_EQ(rules_json(settings),
            R"({"signUp":"domain","domains":["tea.example"],"autoconfirm":true,)"
            R"("expiresS":3600,"intervalS":6,"perHour":300})");
}

}  // namespace
}  // namespace chatpad::functions

#include "runtime/edge/page.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/edge/assets.h"

namespace chatpad::edge {
namespace {

Config at(std::string_view public_url) {
  Config config;
  config.public_url = public_url;
  return config;
}

std::string connect_sources(std::string_view public_url) {
  const std::string csp = content_security_policy(at(public_url), PagePolicy());
  const size_t start = csp.find("connect-src ") + sizeof "connect-src " - 1;
  return csp.substr(start, csp.find(';', start) - start);
}

http::Request request(std::string_view path, std::string_view accept,
                      http::Method method = http::Method::get) {
  http::Request made;
  made.method = method;
  made.path = path;
  made.headers = {{"accept", accept}};
  return made;
}

TEST(Template, fills_in_and_escapes) {
  const Template page("<p title=\"{{name}}\">{{name}}: {{ name }}{{other}}</p>");
  EXPECT_EQ(page.fill({{"name", "<script>\"'&"}}),
            "<p title=\"&lt;script&gt;&quot;&#39;&amp;\">&lt;script&gt;&quot;&#39;&amp;: </p>");
}

TEST(Template, a_value_is_never_a_template) {
  const Template page("{{a}}{{b}}");
  EXPECT_EQ(page.fill({{"a", "{{b}}"}, {"b", "x"}}), "{{b}}x");
}

TEST(Template, texts_without_placeholders_stay) {
  EXPECT_EQ(Template("").fill({}), "");
  EXPECT_EQ(Template("plain").fill({{"plain", "x"}}), "plain");
  EXPECT_EQ(Template("a {{open").fill({}), "a {{open");
  EXPECT_EQ(Template("a }} b").fill({}), "a }} b");
  EXPECT_EQ(Template("a{{}}b").fill({{"", "x"}}), "ab");
}

TEST(Page, the_policy_allows_this_server_and_nothing_inline) {
  EXPECT_EQ(content_security_policy(at("https://chat.example"), PagePolicy()),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "font-src 'self'; connect-src 'self' wss://chat.example; frame-src 'self'; "
            "manifest-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; "
            "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'");
}

TEST(Page, websockets_are_allowed_where_the_browser_finds_us) {
  EXPECT_EQ(connect_sources("https://chat.example:8443"), "'self' wss://chat.example:8443");
  EXPECT_EQ(connect_sources("http://chat.example"), "'self' ws://chat.example");
  EXPECT_EQ(connect_sources("http://127.0.0.1:8000"),
            "'self' ws://127.0.0.1:8000 ws://localhost:8000");
  EXPECT_EQ(connect_sources("http://localhost:8000"),
            "'self' ws://localhost:8000 ws://127.0.0.1:8000");
  EXPECT_EQ(connect_sources("http://[::1]:8000"), "'self'");
  EXPECT_EQ(connect_sources("nonsense; script-src *"), "'self'");
}

TEST(Page, a_nonce_and_frames_are_a_pages_choice) {
  PagePolicy policy;
  policy.style_nonce = "n1";
  policy.frame_ancestors = "'self' https://shop.example";
  policy.trusted_types = TrustedTypes::unrestricted;
  const std::string csp = content_security_policy(at("https://chat.example"), policy);
  EXPECT_NE(csp.find("style-src 'self' 'nonce-n1';"), std::string::npos);
  EXPECT_TRUE(csp.ends_with("frame-ancestors 'self' https://shop.example"));
}

TEST(Page, only_browsers_get_pages_and_only_outside_the_apis) {
  const std::string_view browser =
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  EXPECT_TRUE(wants_page(request("/nowhere", browser)));
  EXPECT_TRUE(wants_page(request("/nowhere", browser, http::Method::head)));
  EXPECT_TRUE(wants_page(request("/chat/x", "application/json;q=0.1, text/html;q=0.01")));
  EXPECT_FALSE(wants_page(request("/nowhere", browser, http::Method::post)));
  for (const std::string_view path : {"/functions/v1/x", "/auth/v1/user", "/rest/v1/",
                                      "/realtime/v1/websocket", "/storage/v1/object"}) {
    EXPECT_FALSE(wants_page(request(path, browser))) << path;
  }
  for (const std::string_view accept :
       {"", "*/*", "application/json", "text/html;q=0", "text/html;q=0.000", "text/htmlx",
        "xtext/html", "text/*", "text/html+x"}) {
    EXPECT_FALSE(wants_page(request("/nowhere", accept))) << accept;
  }
}

TEST(Page, an_error_page_keeps_status_and_codes_and_says_no_cause) {
  Error error(Errc::too_many_requests, PublicText("p"), LogText("select secret"));
  error.retry_after_s = 7;
  const Reply reply = error_page(at("https://chat.example"), error, "id-<1>");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.content_type, "text/html; charset=utf-8");
  EXPECT_NE(reply.headers.find("Retry-After: 7\r\n"), std::string::npos);
  EXPECT_NE(reply.headers.find("sb-error-code: too_many_requests\r\n"), std::string::npos);
  EXPECT_NE(reply.headers.find("X-Frame-Options: DENY\r\n"), std::string::npos);
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
  EXPECT_EQ(reply.body.find("id-<1>"), std::string::npos);
  EXPECT_NE(reply.body.find("429"), std::string::npos);
}

TEST(Page, every_error_has_words_for_people) {
  for (const ErrorInfo& row : error_table()) {
    const Reply reply = error_page(at("https://chat.example"), Error(row.errc), "id");
    EXPECT_EQ(reply.status, row.http_status);
    EXPECT_EQ(reply.body.find("{{"), std::string::npos) << row.code;
    EXPECT_EQ(reply.body.find("<h1></h1>"), std::string::npos) << row.code;
  }
}

// What the policy forbids would fail silently in a browser: the shells have none of it.
TEST(Page, no_shell_has_anything_inline) {
  for (const Asset& one : asset_bundle()) {
    if (!one.name.ends_with(".html")) continue;
    EXPECT_EQ(one.identity.find("<style"), std::string_view::npos) << one.name;
    EXPECT_EQ(one.identity.find(" style="), std::string_view::npos) << one.name;
    EXPECT_EQ(one.identity.find("{{asset:"), std::string_view::npos) << one.name;
  }
}

}  // namespace
}  // namespace chatpad::edge

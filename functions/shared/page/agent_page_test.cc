#include "functions/shared/page/agent_page.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

TEST(FrameAncestors, an_empty_list_is_everybody) { EXPECT_EQ(frame_ancestors(""), ""); }

TEST(FrameAncestors, allowed_origins_and_ourselves) {
  EXPECT_EQ(frame_ancestors("https://b.example:8443\nhttps://shop.example\nhttp://localhost:3000"),
            "'self' https://b.example:8443 https://shop.example http://localhost:3000");
  EXPECT_EQ(frame_ancestors("https://Shop.Example:443"), "'self' https://shop.example");
}

TEST(FrameAncestors, a_list_in_which_nothing_is_an_origin_is_only_ourselves) {
  for (const std::string_view line :
       {"none", "*", "https://*", "https://*.example", "'unsafe-inline'", "https://a b", "null",
        "https://a.example; script-src *", "https://a.example/path", "https://a.example\r",
        "https://a.example,https://b.example", "javascript:alert(1)", "data:", "https://[::1]:8000",
        "https://u:p@a.example", "file:///", "\n", "\n\n\n", "https://\xc3\xa4.example"}) {
    EXPECT_EQ(frame_ancestors(line), "'self'") << line;
  }
}

TEST(FrameAncestors, what_is_no_origin_takes_nothing_with_it) {
  EXPECT_EQ(frame_ancestors("https://a.example\nhttps://b; x\n\nhttps://c.example"),
            "'self' https://a.example https://c.example");
}

TEST(FrameAncestors, a_header_has_an_end) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "https://shop" + std::to_string(i) + ".example\n";
  const std::string sources = frame_ancestors(lines);
  EXPECT_LE(sources.size(), kFrameAncestorsBytesMax);
  EXPECT_GT(sources.size(), kFrameAncestorsBytesMax / 2);
  EXPECT_TRUE(sources.ends_with(".example"));
}

}  // namespace
}  // namespace chatpad::functions

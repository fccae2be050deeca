#include "functions/shared/ingest/robots.h"

#include <gtest/gtest.h>

#include <string>

namespace chatpad::ingest {
namespace {

TEST(Robots, allow_everything_when_they_say_nothing) {
  for (const std::string_view text :
       {"", "\n\n", "nonsense", "Disallow: /", "User-agent: *\nDisallow:\n"}) {
    EXPECT_TRUE(Robots::parse(text).allows("/a")) << text;
  }
  EXPECT_FALSE(Robots::nothing().allows("/"));
  EXPECT_TRUE(Robots::nothing().allows("/robots.txt"));
}

TEST(Robots, follow_the_longest_rule_and_allow_before_disallow) {
  const Robots robots = Robots::parse(
      "User-Agent: *  # everybody\r\nDisallow: /private\r\nAllow: /private/open\r\n"
      "Disallow: /same\nAllow: /same\nDisallow: /*.php$\nDisallow: /q*=x\n");
  EXPECT_TRUE(robots.allows("/"));
  EXPECT_FALSE(robots.allows("/private"));
  EXPECT_FALSE(robots.allows("/private/else"));
  EXPECT_TRUE(robots.allows("/private/open/door"));
  EXPECT_TRUE(robots.allows("/same"));
  EXPECT_FALSE(robots.allows("/a/b.php"));
  EXPECT_TRUE(robots.allows("/a/b.php5"));
  EXPECT_FALSE(robots.allows("/q?a=x&b"));
}

TEST(Robots, go_by_the_group_that_names_us) {
  const Robots robots = Robots::parse(
      "User-agent: other\nDisallow: /\n\nUser-agent: ChatPad\nUser-agent: third\nDisallow: /no\n"
      "Crawl-delay: 3\n\nUser-agent: *\nDisallow: /\nSitemap: https://x.example/map.xml\n");
  EXPECT_TRUE(robots.allows("/yes"));
  EXPECT_FALSE(robots.allows("/no"));
  EXPECT_EQ(robots.crawl_delay_s(), 3);
  ASSERT_EQ(robots.sitemaps().size(), 1u);
  EXPECT_EQ(robots.sitemaps()[0], "https://x.example/map.xml");
  EXPECT_EQ(Robots::parse("User-agent: *\nCrawl-delay: 9999\n").crawl_delay_s(), kCrawlDelayMost);
}

TEST(Robots, of_a_hostile_site_cost_little) {
  std::string text = "User-agent: *\n";
  for (size_t i = 0; i < 2 * kRobotsRulesMax; ++i) {
    text += "Disallow: /" + std::string(500, '*') + "a" + std::to_string(i) + "\n";
  }
  EXPECT_TRUE(Robots::parse(text).allows("/" + std::string(2000, 'a')));
}

}  // namespace
}  // namespace chatpad::ingest

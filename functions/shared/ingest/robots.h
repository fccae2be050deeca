// robots.txt (RFC 9309): which paths of a site we may read. The rules of the most specific group
// count: "chatpad" before "*"; of its rules the longest that fits, `allow` before `disallow` when
// they are as long. `*` stands for anything, `$` for the end. Also read: Sitemap and Crawl-delay.
//
// Owner: nobody; pure. Errors: none; lines that are no rule are read over, as the RFC wants.
// Limits: the first kRobotsBytesMax bytes count, kRobotsRulesMax rules.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::ingest {

constexpr size_t kRobotsBytesMax = 512 * 1024;  // the RFC asks for at least 500 KiB
constexpr size_t kRobotsRulesMax = 2'000;
constexpr size_t kSitemapsMax = 50;
constexpr int kCrawlDelayMost = 10;  // seconds
constexpr std::string_view kRobotsName = "chatpad";

class Robots {
 public:
  // Everything is allowed.
  Robots() = default;
  static Robots parse(std::string_view text);
  // For a site whose robots.txt cannot be had (5xx): nothing is allowed.
  static Robots nothing();

  // `path` with its query, as it stands in the URL.
  bool allows(std::string_view path) const;
  const std::vector<std::string>& sitemaps() const { return sitemaps_; }
  int crawl_delay_s() const { return crawl_delay_s_; }

 private:
  struct Rule {
    std::string pattern;
    bool is_allow = false;
  };
  std::vector<Rule> rules_;
  std::vector<std::string> sitemaps_;
  int crawl_delay_s_ = 0;
};

}  // namespace chatpad::ingest

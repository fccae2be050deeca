#include "functions/shared/ingest/robots.h"

#include <algorithm>
#include <charconv>

namespace chatpad::ingest {
namespace {

constexpr size_t kPatternBytesMax = 1024;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

struct Line {
  std::string name;
  std::string_view value;
};

// False at the end of the text.
bool next_line(std::string_view& text, Line& line) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    one = one.substr(0, std::min(one.find('#'), one.size()));
    const size_t colon = one.find(':');
    if (colon == std::string_view::npos) continue;
    line = {lower(trimmed(one.substr(0, colon))), trimmed(one.substr(colon + 1))};
    return true;
  }
  return false;
}

// The pieces between the stars must follow each other: linear in both, whatever the pattern.
bool fits(std::string_view pattern, std::string_view path) {
  const bool to_end = pattern.ends_with('$');
  if (to_end) pattern.remove_suffix(1);
  size_t at = 0;
  bool is_first = true;
  for (;;) {
    const size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    if (star == std::string_view::npos && to_end && !is_first) {
      return path.size() >= at + piece.size() && path.ends_with(piece);
    }
    if (is_first) {
      if (!path.starts_with(piece)) return false;
      at = piece.size();
    } else {
      const size_t found = path.find(piece, at);
      if (found == std::string_view::npos) return false;
      at = found + piece.size();
    }
    if (star == std::string_view::npos) return !to_end || at == path.size();
    pattern.remove_prefix(star + 1);
    is_first = false;
  }
}

}  // namespace

Robots Robots::parse(std::string_view text) {
  if (text.size() > kRobotsBytesMax) {
    text = text.substr(0, kRobotsBytesMax);
    text = text.substr(0, text.rfind('\n') + 1);  // half a rule would be another one
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Robots ours;
  Robots everybody;
  Robots all;  // what stands outside groups: sitemaps
  bool names_us = false;
  bool names_everybody = false;
  bool is_naming = false;  // several User-agent lines in a row name one group
  bool has_ours = false;
  Line line;
  while (next_line(text, line)) {
    if (line.name == "user-agent") {
      if (!is_naming) names_us = names_everybody = false;
      is_naming = true;
      const std::string name = lower(line.value);
      names_us = names_us || name == kRobotsName;
      names_everybody = names_everybody || name == "*";
      has_ours = has_ours || names_us;
      continue;
    }
    if (line.name == "sitemap") {
      if (all.sitemaps_.size() < kSitemapsMax) all.sitemaps_.emplace_back(line.value);
      continue;
    }
    is_naming = false;
    const auto give = [&](Robots& group) {
      if (line.name == "crawl-delay") {
        int seconds = 0;
        std::from_chars(line.value.data(), line.value.data() + line.value.size(), seconds);
        group.crawl_delay_s_ = std::clamp(seconds, 0, kCrawlDelayMost);
      } else if ((line.name == "allow" || line.name == "disallow") && !line.value.empty() &&
                 line.value.size() <= kPatternBytesMax && group.rules_.size() < kRobotsRulesMax) {
        group.rules_.push_back({std::string(line.value), line.name == "allow"});
      }
    };
    if (names_us) give(ours);
    if (names_everybody) give(everybody);
  }
  Robots& chosen = has_ours ? ours : everybody;
  chosen.sitemaps_ = std::move(all.sitemaps_);
  return std::move(chosen);
}

Robots Robots::nothing() {
  Robots robots;
  robots.rules_.push_back({"/", false});
  return robots;
}

bool Robots::allows(std::string_view path) const {
  if (path == "/robots.txt") return true;
  size_t longest = 0;
  bool allowed = true;
  for (const Rule& rule : rules_) {
    const size_t length = rule.pattern.size();
    if (length < longest || !fits(rule.pattern, path)) continue;
    allowed = length > longest ? rule.is_allow : allowed || rule.is_allow;
    longest = length;
  }
  return allowed;
}

}  // namespace chatpad::ingest

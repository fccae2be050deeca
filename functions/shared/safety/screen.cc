#include "functions/shared/safety/screen.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "functions/shared/safety/normalize.h"
#include "functions/shared/safety/screen_patterns.h"
#include "functions/shared/text/sentences.h"

namespace chatpad::safety {
namespace {

constexpr int kHiddenScore = 30;
constexpr std::string_view kRemoved = "[removed: text addressed to the assistant]";

struct Compiled {
  std::unique_ptr<re2::RE2> regex;
  std::string_view reason;
  int score;
};

const std::vector<Compiled>& patterns() {
  static const std::vector<Compiled> compiled = [] {
    std::vector<Compiled> all;
    re2::RE2::Options options;
    options.set_log_errors(true);
    for (const ScreenPattern& pattern : screen_patterns()) {
      all.push_back({std::make_unique<re2::RE2>(std::string(pattern.regex), options),
                     pattern.reason, pattern.score});
    }
    return all;
  }();
  return compiled;
}

void note(Screening& screening, std::string_view reason) {
  const auto& reasons = screening.reasons;
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
    screening.reasons.emplace_back(reason);
  }
}

}  // namespace

Screening screen(std::string_view text) {
  Screening screening;
  int plain = 0;  // what can be read without any trick
  for (const View& view : views_of(text)) {
    int score = 0;
    std::vector<std::string_view> reasons;
    for (const Compiled& pattern : patterns()) {
      if (!re2::RE2::PartialMatch(view.text, *pattern.regex)) continue;
      score += pattern.score;
      reasons.push_back(pattern.reason);
    }
    if (!view.hidden) plain = std::max(plain, score);
    if (score == 0 || (view.hidden && score <= plain)) continue;
    for (const std::string_view reason : reasons) note(screening, reason);
    if (view.hidden) {
      score += kHiddenScore;
      note(screening, "hidden");
    }
    screening.score = std::clamp(score, screening.score, 100);
  }
  return screening;
}

Cleaned without_orders(std::string_view text) {
  Cleaned cleaned;
  size_t at = 0;
  for (const text::Span& span : text::split_sentences(text)) {
    if (!screen(span.of(text)).suspicious()) continue;
    cleaned.text.append(text.substr(at, span.begin - at));
    cleaned.text += kRemoved;
    at = span.end;
    ++cleaned.removed;
  }
  cleaned.text.append(text.substr(at));
  // Orders that only several sentences together give.
  if (cleaned.removed == 0 && screen(text).attack()) {
    cleaned.text = kRemoved;
    cleaned.removed = 1;
  }
  return cleaned;
}

}  // namespace chatpad::safety
